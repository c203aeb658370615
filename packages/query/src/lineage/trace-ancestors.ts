import type { OutlinedSpan, Readers, RecordedAction } from '@whence/store';
import { OUTLINE_LIMIT, SMALL_TRACE } from './one-question.ts';
import { SPANS_AT_ONCE, spansOfTrace } from './spans-of-trace.ts';

export interface TraceAncestors {
  /** From the parent up. */
  readonly ancestors: readonly RecordedAction[];
  readonly end:
    | { readonly status: 'root' }
    | { readonly status: 'parent_missing'; readonly spanId: string }
    | { readonly status: 'cycle' }
    | { readonly status: 'too_deep' };
}

/**
 * Everything above a span inside its trace, at most `limit` ancestors: one statement where the trace is small, two
 * where its outline is; else one for each level, whatever the size of the trace, and one for the records.
 */
export const ancestorsInTrace = async (
  readers: Readers,
  from: RecordedAction,
  limit: number,
): Promise<TraceAncestors> => {
  const { traceId, spanId } = from.action;
  if (from.action.parentSpanId === undefined) return { ancestors: [], end: { status: 'root' } };

  const known = await recordsAbove(readers, traceId, from.action.parentSpanId, limit);
  const ancestors: RecordedAction[] = [];
  const visited = new Set([spanId]);
  let at = from;
  while (at.action.parentSpanId !== undefined) {
    const parentId = at.action.parentSpanId;
    if (visited.has(parentId)) return { ancestors, end: { status: 'cycle' } };
    if (ancestors.length >= limit) return { ancestors, end: { status: 'too_deep' } };
    // The outline took the parent of another record of this span, where records of it contradict each other.
    const parent = known.get(parentId) ?? (await firstBySpan(readers, traceId, [parentId])).get(parentId);
    if (parent === undefined) return { ancestors, end: { status: 'parent_missing', spanId: parentId } };
    visited.add(parentId);
    ancestors.push(parent);
    at = parent;
  }
  return { ancestors, end: { status: 'root' } };
};

const recordsAbove = async (
  readers: Readers,
  traceId: string,
  parentId: string,
  limit: number,
): Promise<ReadonlyMap<string, RecordedAction>> => {
  const trace = await readers.actions.smallTrace(traceId, SMALL_TRACE);
  if (!trace.truncated) return firsts(trace.records);
  const outline = await readers.actions.outline(traceId, OUTLINE_LIMIT);
  const ids = outline.truncated
    ? await idsWalked(readers, traceId, parentId, limit)
    : idsAbove(parentId, new Map(outline.spans.map((span) => [span.spanId, span])), limit);
  return firstBySpan(readers, traceId, ids);
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

/** Level by level: of a large trace nothing but the way up is read. */
const idsWalked = async (
  readers: Readers,
  traceId: string,
  from: string,
  limit: number,
): Promise<readonly string[]> => {
  const ids = new Set<string>();
  let at: string | undefined = from;
  while (at !== undefined && !ids.has(at) && ids.size < limit) {
    const [span]: readonly OutlinedSpan[] = await readers.actions.outlineOf(traceId, [at]);
    if (span === undefined) break;
    ids.add(at);
    at = span.parentSpanId;
  }
  return [...ids];
};

const firstBySpan = async (
  readers: Readers,
  traceId: string,
  spanIds: readonly string[],
): Promise<ReadonlyMap<string, RecordedAction>> => {
  const records: RecordedAction[] = [];
  for (let from = 0; from < spanIds.length; from += SPANS_AT_ONCE) {
    records.push(...(await spansOfTrace(readers, traceId, spanIds.slice(from, from + SPANS_AT_ONCE))));
  }
  return firsts(records);
};

/** Of records in conflict the one received first. */
const firsts = (records: readonly RecordedAction[]): ReadonlyMap<string, RecordedAction> => {
  const first = new Map<string, RecordedAction>();
  for (const record of records) {
    if (!first.has(record.action.spanId)) first.set(record.action.spanId, record);
  }
  return first;
};
