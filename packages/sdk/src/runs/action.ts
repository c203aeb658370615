import { type Attributes, type Span, SpanKind } from '@opentelemetry/api';
import { WHENCE } from '@whence/model';
import { recordFailure } from './failure.ts';
import { tracer } from './tracer.ts';

/** What is acted on, and how. What is left out is not recorded. */
export interface ActionDetails {
  /** `postgresql`, `pg-boss`, `s3`. */
  readonly system?: string;
  /** The verb: `send`, `DELETE`. */
  readonly operation?: string;
  /** A resource URI: `pg-boss://bank/notify`. */
  readonly target?: string;
  /** The command itself. Recorded as it is: leave secrets out. */
  readonly statement?: string;
  /** Default: internal. */
  readonly kind?: SpanKind;
}

/**
 * Does `fn` as one recorded action. What `fn` returns or throws comes back unchanged; where that is a promise (or
 * another thenable), the action lasts until it settles.
 */
export const action = <T>(name: string, details: ActionDetails, fn: (span: Span) => T): T =>
  tracer().startActiveSpan(
    name,
    { kind: details.kind ?? SpanKind.INTERNAL, attributes: attributesOf(details) },
    (span) => {
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
    },
  );

const fail = (span: Span, error: unknown): void => {
  recordFailure(span, error);
  span.end();
};

const attributesOf = ({ system, operation, target, statement }: ActionDetails): Attributes => ({
  ...(system === undefined ? {} : { [WHENCE.actionSystem.key]: system }),
  ...(operation === undefined ? {} : { [WHENCE.actionOperation.key]: operation }),
  ...(target === undefined ? {} : { [WHENCE.actionTarget.key]: target }),
  ...(statement === undefined ? {} : { [WHENCE.actionStatement.key]: statement }),
});

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
