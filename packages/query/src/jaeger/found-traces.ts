import type { Readers, TraceSearch } from '@whence/store';
import { cutTrace, type NotedTrace, smallTrace } from './noted-trace.ts';

/** Records in one answer to a search. */
const RECORDS_OF_SEARCH = 50_000;
/** A trace of more records is read by itself. */
const SMALL = 500;
/** Small traces that are read at once. */
const AT_ONCE = { traces: 100, records: 2_000 };

export interface FoundTraces {
  readonly traceIds: readonly string[];
  readonly traces: AsyncIterable<NotedTrace>;
  readonly warnings: readonly string[];
}

export const foundTraces = async (readers: Readers, search: TraceSearch): Promise<FoundTraces> => {
  const { traceIds, lookedAt } = await readers.traces.find(search);
  return {
    traceIds,
    traces: tracesOf(readers, traceIds),
    warnings: lookedAt === undefined ? [] : [boundMet(lookedAt, traceIds.length)],
  };
};

/** What is said where a search gave up: the traces found are those of the newest spans. */
export const boundMet = (spans: number, traces: number): string =>
  `The newest ${spans} spans that meet the conditions were looked at: they belong to ${traces} traces. There may be older ones: narrow the time.`;

/** Traces in the order given. One that takes more than its share of the room is cut, and says so. */
export async function* tracesOf(readers: Readers, traceIds: readonly string[]): AsyncGenerator<NotedTrace> {
  const summaries = await readers.traces.summaries(traceIds);
  const room = shareOf(
    RECORDS_OF_SEARCH,
    summaries.map(({ records }) => records),
  );
  for (let at = 0; at < summaries.length; ) {
    const { traceId, records } = summaries[at]!;
    if (records > Math.min(SMALL, room)) {
      yield await cutTrace(readers, traceId, room);
      at += 1;
      continue;
    }
    let together = 0;
    let end = at;
    while (end < summaries.length && end - at < AT_ONCE.traces) {
      const next = summaries[end]!.records;
      if (next > Math.min(SMALL, room) || together + next > AT_ONCE.records) break;
      together += next;
      end += 1;
    }
    const ids = summaries.slice(at, end).map((summary) => summary.traceId);
    const read = await readers.traces.smallTraces(ids, RECORDS_OF_SEARCH);
    for (const id of ids) {
      const found = read.get(id) ?? [];
      if (found.length > 0) yield smallTrace(id, found);
    }
    at = end;
  }
}

/** The most that each may take so that all together stay within the room: what small ones leave, large ones share. */
export const shareOf = (room: number, sizes: readonly number[]): number => {
  let left = room;
  const ascending = sizes.toSorted((a, b) => a - b);
  for (const [index, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (size > share) return Math.max(1, share);
    left -= size;
  }
  return room;
};
