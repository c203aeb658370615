import { type Attributes, context, type Span, SpanKind, trace } from '@opentelemetry/api';
import { WHENCE } from '@whence/model';
import { actionStatement } from './action-statement.ts';
import type { CurrentRun } from './active-run.ts';
import { reconcile } from './conflict.ts';
import { recordFailure } from './failure.ts';
import { contextOf } from './run-context.ts';
import { tracer } from './tracer.ts';

/** What is acted on, and how. What is left out is not recorded. */
export interface ActionDetails {
  /** `postgresql`, `pg-boss`, `s3`. */
  readonly system?: string;
  /** The verb: `send`, `DELETE`. */
  readonly operation?: string;
  /** A resource URI: `pg-boss://bank/notify`. */
  readonly target?: string;
  /** The command itself. SQL is recorded without its literals; anything else as it is: leave secrets out. */
  readonly statement?: string;
  /** Default: internal. */
  readonly kind?: SpanKind;
  /** The run in which it was asked for, where that was earlier: `current()` of then. Done in another, it is a conflict. */
  readonly askedIn?: CurrentRun | undefined;
}

/**
 * Does `fn` as one recorded action. What `fn` returns or throws comes back unchanged; where that is a promise (or
 * another thenable), the action lasts until it settles.
 */
export const action = <T>(name: string, details: ActionDetails, fn: (span: Span) => T): T => {
  const active = context.active();
  const around = details.askedIn === undefined ? active : reconcile(contextOf(details.askedIn), active);
  const span = startAction(name, details, around);
  return context.with(trace.setSpan(around, span), perform<T>, undefined, span, fn);
};

/** Within the action's context, since a lazy thenable begins where `then` is called. */
const perform = <T>(span: Span, fn: (span: Span) => T): T => {
  let result: T;
  try {
    result = fn(span);
  } catch (error) {
    fail(span, error);
    throw error;
  }
  if (!isThenable(result)) {
    span.end();
    return result;
  }
  return result.then(
    (value) => {
      span.end();
      return value;
    },
    (error: unknown) => {
      fail(span, error);
      throw error;
    },
  ) as T;
};

/** The sampler is asked while a span is started, and is not told by whom. */
let starting = false;

export const isStartingAction = (): boolean => starting;

const startAction = (
  name: string,
  details: ActionDetails,
  around: ReturnType<typeof context.active>,
): Span => {
  const options = { kind: details.kind ?? SpanKind.INTERNAL, attributes: attributesOf(details) };
  starting = true;
  try {
    return tracer().startSpan(name, options, around);
  } finally {
    starting = false;
  }
};

const fail = (span: Span, error: unknown): void => {
  recordFailure(span, error);
  span.end();
};

const attributesOf = ({ system, operation, target, statement }: ActionDetails): Attributes => {
  const attributes: Attributes = {};
  if (system !== undefined) attributes[WHENCE.actionSystem.key] = system;
  if (operation !== undefined) attributes[WHENCE.actionOperation.key] = operation;
  if (target !== undefined) attributes[WHENCE.actionTarget.key] = target;
  if (statement !== undefined) attributes[WHENCE.actionStatement.key] = actionStatement(statement, system);
  return attributes;
};

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
