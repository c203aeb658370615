import {
  type Context,
  context,
  createContextKey,
  defaultTextMapGetter,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { TraceState, W3CTraceContextPropagator } from '@opentelemetry/core';
import { type CauseKind, REFERENCE_KEY, WHENCE } from '@whence/model';
import { withoutConflict } from '../runs/conflict.ts';
import { type RunScope, scopeOf, withoutRun, withRun } from '../runs/run-scope.ts';
import { type Carried, type CauseSource, carriedBy } from './carried-by.ts';

/** The span elsewhere that brought about what happens in a context; an invalid one where only its run is known. */
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
    return causeCarried(carriedBy(source), kind);
  } catch {
    return undefined;
  }
};

export const causeCarried = (carried: Carried, kind: CauseKind): CauseElsewhere | undefined => {
  const spanContext = spanContextOf(carried) ?? stateAlone(carried);
  return spanContext === undefined ? undefined : { spanContext, kind };
};

const stateAlone = ({ traceparent, tracestate }: Carried): SpanContext | undefined =>
  traceparent !== undefined || tracestate === undefined
    ? undefined
    : { ...INVALID_SPAN_CONTEXT, traceState: new TraceState(tracestate) };

/** The link to a cause; none where there is none, or its span is not known. */
export const linksTo = (cause: CauseElsewhere | undefined): Link[] =>
  cause === undefined || !isSpanContextValid(cause.spanContext)
    ? []
    : [{ context: cause.spanContext, attributes: { [WHENCE.cause.key]: cause.kind } }];

/** The run that a cause belongs to; undefined where it says none. */
export const runOfCause = ({ spanContext }: CauseElsewhere): RunScope | undefined => {
  const reference = spanContext.traceState?.get(REFERENCE_KEY);
  return reference === undefined ? undefined : scopeOf(reference);
};

/** `around` without its span and run, in the cause's run, and with the cause to link to. */
export const effectOf = (cause: CauseElsewhere | undefined, around: Context): Context => {
  const detached = withoutConflict(withoutCause(withoutRun(trace.deleteSpan(around))));
  if (cause === undefined) return detached;
  const caused = withCause(detached, cause);
  const scope = runOfCause(cause);
  return scope === undefined ? caused : withRun(caused, scope);
};

/** For below the span that has linked itself to the cause: nothing further is linked to it. */
export const withoutCause = (context: Context): Context => context.deleteValue(CAUSE);
