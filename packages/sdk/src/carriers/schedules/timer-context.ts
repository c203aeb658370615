import { context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { type CauseElsewhere, causeIn, withCause } from '../caused-by.ts';

const TIMER = createContextKey('whence timer');

/**
 * Timers armed in `fn`, and all that they arm in turn, fire in nobody's context instead of in the caller's. A scheduler
 * keeps its timers for as long as the process lives; the request or run that armed them is long over by then.
 *
 * @param cause what spans are linked to that begin there: none where each tick has a cause of its own
 */
export const armingTimers = <T>(fn: () => T, cause?: CauseElsewhere): T =>
  context.with(withCause(ROOT_CONTEXT, cause).setValue(TIMER, true), fn);

/** Whether the caller was called by a timer armed so, and not by hand. */
export const calledByTimer = (): boolean => context.active().getValue(TIMER) === true;

/** The caller, as the cause of what it schedules; undefined outside of any span. */
export const registrar = (): CauseElsewhere | undefined => {
  const active = context.active();
  const spanContext = trace.getSpanContext(active) ?? causeIn(active)?.spanContext;
  return spanContext === undefined ? undefined : { spanContext, kind: 'schedule' };
};

/** The context of one tick: linked to the registrar, below nothing. */
export const inTick = <T>(cause: CauseElsewhere | undefined, fn: () => T): T =>
  context.with(withCause(ROOT_CONTEXT, cause), fn);
