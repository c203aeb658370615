import {
  type Context,
  context,
  createContextKey,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { type CauseKind, REFERENCE_KEY } from '@whence/model';
import { type RunScope, scopeOf, withoutRun, withRun } from '../runs/run-scope.ts';
import { type Carried, type CauseSource, carriedBy } from './carried-by.ts';

/** The span elsewhere that brought about what happens in a context. */
export interface CauseElsewhere {
  readonly spanContext: SpanContext;
  readonly kind: CauseKind;
}

const CAUSE = createContextKey('whence cause');
const w3c = new W3CTraceContextPropagator();

export const causeIn = (active: Context): CauseElsewhere | undefined =>
  active.getValue(CAUSE) as CauseElsewhere | undefined;

/** Each trace that begins there is linked to the cause; the run of the cause is not entered. */
export const withCause = (context: Context, cause: CauseElsewhere | undefined): Context =>
  cause === undefined ? context : context.setValue(CAUSE, cause);

/** Undefined where the carrier has none, or a malformed one. */
export const spanContextOf = (carried: Carried): SpanContext | undefined =>
  trace.getSpanContext(w3c.extract(ROOT_CONTEXT, carried, defaultTextMapGetter));

/**
 * The consumer's side of a carrier. Spans started in `fn` begin a new trace in the carrier's run, and the first of
 * each trace links back to the carrier's span. A carrier without a reference is nobody's: so is then what `fn` does,
 * even inside a run. Baggage and the like stay as they are.
 */
export const causedBy = <T>(source: CauseSource, kind: CauseKind, fn: () => T): T =>
  context.with(effectOf(causeOf(source, kind), context.active()), fn);

/** The cause that a source names; undefined where it names none, or more than one. Never throws. */
export const causeOf = (source: CauseSource, kind: CauseKind): CauseElsewhere | undefined => {
  try {
    const spanContext = spanContextOf(carriedBy(source));
    return spanContext === undefined ? undefined : { spanContext, kind };
  } catch {
    return undefined;
  }
};

/** The run that a cause belongs to; undefined where it says none. */
export const runOfCause = ({ spanContext }: CauseElsewhere): RunScope | undefined => {
  const reference = spanContext.traceState?.get(REFERENCE_KEY);
  return reference === undefined ? undefined : scopeOf(reference);
};

/** `around` without its span and run, in the cause's run, and with the cause to link to. */
export const effectOf = (cause: CauseElsewhere | undefined, around: Context): Context => {
  const detached = withoutCause(withoutRun(trace.deleteSpan(around)));
  if (cause === undefined) return detached;
  const caused = withCause(detached, cause);
  const scope = runOfCause(cause);
  return scope === undefined ? caused : withRun(caused, scope);
};

/** For below the span that has linked itself to the cause: nothing further is linked to it. */
export const withoutCause = (context: Context): Context => context.deleteValue(CAUSE);
