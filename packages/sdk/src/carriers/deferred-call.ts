import { type Context, context, createContextKey, type Span, trace } from '@opentelemetry/api';
import { runIn, withoutRun } from '../runs/run-scope.ts';

/**
 * Does now, in `fn`, what was called for in the context `called`: a command that waited, a cursor that is read later. Where
 * both are in runs, and in different ones, nobody can say whose it is: its spans are marked, and carry no reference. Where
 * only one is, it is that one's.
 */
export const asCalled = <T>(called: Context, fn: () => T): T => {
  const now = context.active();
  if (called === now) return fn();
  const [then, current] = [runIn(called), runIn(now)];
  if (then === undefined) return fn();
  if (current === undefined) return context.with(called, fn);
  if (then.runId === current.runId) return fn();
  return context.with(withoutRun(trace.deleteSpan(now)).setValue(CONFLICT, true), fn);
};

/** To be called with each span as it starts. */
export const markConflict = (span: Span): void => {
  if (context.active().getValue(CONFLICT) === true) span.setAttribute('whence.attribution', 'conflict');
};

const CONFLICT = createContextKey('whence conflict');
