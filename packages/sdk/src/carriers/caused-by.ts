import {
  type Context,
  context,
  createContextKey,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { TraceState, W3CTraceContextPropagator } from '@opentelemetry/core';
import { type CauseKind, REFERENCE_KEY } from '@whence/model';
import { scopeOf, withoutRun, withRun } from '../runs/run-scope.ts';
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

/**
 * The consumer's side of a carrier, or of a message that has one in it (`carriedBy`). Spans started in `fn` begin a new
 * trace in the carrier's run, and the first of each trace links back to the carrier's span. A carrier without a
 * reference is nobody's: so is then what `fn` does, even inside a run. Baggage and the like stay as they are.
 */
export const causedBy = <T>(source: CauseSource, kind: CauseKind, fn: () => T): T =>
  context.with(effectOf(source, kind, context.active()), fn);

/** The context in which `causedBy` calls its function. */
export const effectOf = (source: CauseSource, kind: CauseKind, active: Context): Context => {
  const detached = withoutRun(trace.deleteSpan(active)).deleteValue(CAUSE);
  const carrier = carriedBy(source);
  const spanContext = trace.getSpanContext(w3c.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter));
  const caused =
    spanContext === undefined
      ? detached
      : detached.setValue(CAUSE, { spanContext, kind } satisfies CauseElsewhere);
  const reference = (spanContext?.traceState ?? stateAlone(carrier))?.get(REFERENCE_KEY);
  const scope = reference === undefined ? undefined : scopeOf(reference);
  return scope === undefined ? caused : withRun(caused, scope);
};

/** `tracestate` where there was no room for `traceparent` beside it: the run is known, the span that caused it is not. */
const stateAlone = ({ traceparent, tracestate }: Carried): TraceState | undefined =>
  traceparent === undefined && tracestate !== undefined ? new TraceState(tracestate) : undefined;
