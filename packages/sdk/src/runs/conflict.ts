import { type Context, createContextKey, type SpanContext, trace } from '@opentelemetry/api';
import { type RunScope, runIn, withoutRun } from './run-scope.ts';

const CONFLICT = createContextKey('whence conflict');
const SPANS = createContextKey('whence spans in conflict');

/** The runs that each might be the cause of what happens in a context. */
export const conflictIn = (context: Context): readonly string[] | undefined =>
  context.getValue(CONFLICT) as readonly string[] | undefined;

/** The spans of the two sides, to be linked from the first span of each trace that begins there. */
export const spansInConflict = (context: Context): readonly SpanContext[] =>
  (context.getValue(SPANS) as readonly SpanContext[] | undefined) ?? [];

/**
 * Where something runs that was asked for in one context and is done in another (a queue, a pool, a listener, a lazy
 * object): in the one that names a run, in the one where it is done where both name the same, and in neither where
 * they differ. Then the record says `conflict`, begins a new trace, and links both sides.
 */
export const reconcile = (asked: Context, active: Context): Context => {
  const [before, now] = [runIn(asked), runIn(active)];
  if (before === undefined) return active;
  if (now === undefined) return asked;
  return before.runId === now.runId ? active : conflicting(before, now, asked, active);
};

/** For what a message or a run of its own says to be somebody's after all. */
export const withoutConflict = (context: Context): Context =>
  conflictIn(context) === undefined ? context : context.deleteValue(CONFLICT).deleteValue(SPANS);

const conflicting = (before: RunScope, now: RunScope, asked: Context, active: Context): Context => {
  const spans = [asked, active]
    .map((each) => trace.getSpanContext(each))
    .filter((each) => each !== undefined);
  return withoutRun(trace.deleteSpan(active))
    .setValue(CONFLICT, [before.runId, now.runId])
    .setValue(SPANS, spans);
};
