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
import { scopeOf, withoutRun, withRun } from '../runs/run-scope.ts';

/** The span elsewhere that brought about what happens in a context. */
export interface CauseElsewhere {
  readonly spanContext: SpanContext;
  readonly kind: CauseKind;
}

const CAUSE = createContextKey('whence cause');
const w3c = new W3CTraceContextPropagator();

export const causeIn = (active: Context): CauseElsewhere | undefined =>
  active.getValue(CAUSE) as CauseElsewhere | undefined;

export const withCause = (context: Context, cause: CauseElsewhere): Context => context.setValue(CAUSE, cause);

export const withoutCause = (context: Context): Context => context.deleteValue(CAUSE);

/**
 * The consumer's side of a carrier. Spans started in `fn` begin a new trace in the carrier's run, and the first of
 * each trace links back to the carrier's span. A carrier without a reference is nobody's: so is then what `fn` does,
 * even inside a run. Baggage and the like stay as they are.
 */
export const causedBy = <T>(
  carrier: { traceparent?: string; tracestate?: string },
  kind: CauseKind,
  fn: () => T,
): T => context.with(effectOf(carrier, kind, context.active()), fn);

const effectOf = (
  carrier: { traceparent?: string; tracestate?: string },
  kind: CauseKind,
  active: Context,
): Context => {
  const detached = withoutCause(withoutRun(trace.deleteSpan(active)));
  const spanContext = trace.getSpanContext(w3c.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter));
  if (spanContext === undefined) return detached;
  const caused = withCause(detached, { spanContext, kind });
  const reference = spanContext.traceState?.get(REFERENCE_KEY);
  const scope = reference === undefined ? undefined : scopeOf(reference);
  return scope === undefined ? caused : withRun(caused, scope);
};
