import type { OutlinedSpan, Readers, RecordedAction } from '@whence/store';
import { OUTLINE_LIMIT } from './one-question.ts';

export interface TraceAncestors {
  /** From the parent up. */
  readonly ancestors: readonly RecordedAction[];
  readonly end:
    | { readonly status: 'root' }
    | { readonly status: 'parent_missing'; readonly spanId: string }
    | { readonly status: 'cycle' }
    | { readonly status: 'too_deep' };
}

/** Everything above a span inside its trace, at most `limit` ancestors: two statements, however high the trace. */
export const ancestorsInTrace = async (
  readers: Readers,
  from: RecordedAction,
  limit: number,
): Promise<TraceAncestors> => {
  const { traceId, spanId } = from.action;
  if (from.action.parentSpanId === undefined) return { ancestors: [], end: { status: 'root' } };

  const outline = await readers.actions.outline(traceId, OUTLINE_LIMIT);
  const parents = new Map(outline.spans.map((span) => [span.spanId, span]));
  const known = await recordsById(readers, traceId, idsAbove(from.action.parentSpanId, parents, limit));

  const ancestors: RecordedAction[] = [];
  const visited = new Set([spanId]);
  let at = from;
  while (at.action.parentSpanId !== undefined) {
    const parentId = at.action.parentSpanId;
    if (visited.has(parentId)) return { ancestors, end: { status: 'cycle' } };
    if (ancestors.length >= limit) return { ancestors, end: { status: 'too_deep' } };
    const parent =
      known.get(parentId) ??
      (outline.truncated ? (await recordsById(readers, traceId, [parentId])).get(parentId) : undefined);
    if (parent === undefined) return { ancestors, end: { status: 'parent_missing', spanId: parentId } };
    visited.add(parentId);
    ancestors.push(parent);
    at = parent;
  }
  return { ancestors, end: { status: 'root' } };
};

const idsAbove = (
  from: string,
  spans: ReadonlyMap<string, OutlinedSpan>,
  limit: number,
): readonly string[] => {
  const ids = new Set<string>();
  let at: string | undefined = from;
  while (at !== undefined && spans.has(at) && !ids.has(at) && ids.size < limit) {
    ids.add(at);
    at = spans.get(at)?.parentSpanId;
  }
  return [...ids];
};

/** Of records in conflict the one received first. */
const recordsById = async (
  readers: Readers,
  traceId: string,
  spanIds: readonly string[],
): Promise<ReadonlyMap<string, RecordedAction>> => {
  const records = new Map<string, RecordedAction>();
  if (spanIds.length === 0) return records;
  for (const record of await readers.actions.bySpans(traceId, spanIds)) {
    if (!records.has(record.action.spanId)) records.set(record.action.spanId, record);
  }
  return records;
};
