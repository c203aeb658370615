import type { Readers, TraceSearch, TraceSummary } from '@whence/store';
import { cutTrace, type NotedTrace, smallTrace } from './noted-trace.ts';

/** Records in one answer to a search. */
const RECORDS_OF_SEARCH = 50_000;
/** A trace of more records is read by itself. */
const SMALL = 500;
/** Small traces that are read at once. */
const AT_ONCE = { traces: 100, records: 2_000 };
/** Traces that are summed up at once. */
const SUMMED_UP = 100;
/** After that, nothing more of the answer is begun to be read: Jaeger UI waits 10 s. */
const MILLIS_READING = 8_000;

/** Traces of an answer, and what of it is left out: to be asked once they have been read. */
export interface FoundTraces {
  readonly traceIds: readonly string[];
  readonly traces: AsyncIterable<NotedTrace>;
  readonly warnings: () => readonly string[];
}

export const foundTraces = async (readers: Readers, search: TraceSearch): Promise<FoundTraces> => {
  const { traceIds, lookedAt } = await readers.traces.find(search);
  const found = tracesOf(readers, traceIds);
  return {
    ...found,
    warnings: () => [
      ...(lookedAt === undefined ? [] : [boundMet(lookedAt, traceIds.length)]),
      ...found.warnings(),
    ],
  };
};

/** What is said where a search gave up: the traces found are those of the newest spans. */
const boundMet = (spans: number, traces: number): string =>
  `The newest ${spans} spans that meet the conditions were looked at: they belong to ${traces} traces. There may be older ones: narrow the time.`;

const tookTooLong = (read: number, found: number): string =>
  `${found - read} of the ${found} traces found are left out, the oldest: to read them would take too long. Ask for fewer, or for a shorter time.`;

export interface FoundSummaries {
  readonly summaries: readonly TraceSummary[];
  readonly warnings: readonly string[];
}

export const foundSummaries = async (readers: Readers, search: TraceSearch): Promise<FoundSummaries> => {
  const began = Date.now();
  const { traceIds, lookedAt } = await readers.traces.find(search);
  const summaries: TraceSummary[] = [];
  let at = 0;
  for (; at < traceIds.length && Date.now() - began < MILLIS_READING; at += SUMMED_UP) {
    summaries.push(...(await readers.traces.summaries(traceIds.slice(at, at + SUMMED_UP))));
  }
  return {
    summaries,
    warnings: [
      ...(lookedAt === undefined ? [] : [boundMet(lookedAt, traceIds.length)]),
      ...(at < traceIds.length ? [tookTooLong(at, traceIds.length)] : []),
    ],
  };
};

/** Traces in the order given. One that takes more than its share of the room is cut, and says so. */
export const tracesOf = (readers: Readers, traceIds: readonly string[]): FoundTraces => {
  const began = Date.now();
  let begun = 0;

  const traces = async function* (): AsyncGenerator<NotedTrace> {
    let roomLeft = RECORDS_OF_SEARCH;
    for (; begun < traceIds.length && Date.now() - began < MILLIS_READING; begun += SUMMED_UP) {
      const summaries = await readers.traces.summaries(traceIds.slice(begun, begun + SUMMED_UP));
      const room = Math.ceil((roomLeft * SUMMED_UP) / Math.max(SUMMED_UP, traceIds.length - begun));
      const share = shareOf(
        room,
        summaries.map(({ records }) => records),
      );
      for (const { records } of summaries) roomLeft -= Math.min(records, share);
      yield* tracesWithin(readers, summaries, share);
    }
  };

  return {
    traceIds,
    traces: traces(),
    warnings: () => (begun < traceIds.length ? [tookTooLong(begun, traceIds.length)] : []),
  };
};

async function* tracesWithin(
  readers: Readers,
  summaries: readonly TraceSummary[],
  share: number,
): AsyncGenerator<NotedTrace> {
  const small = Math.min(SMALL, share);
  for (let at = 0; at < summaries.length; ) {
    const { traceId, records } = summaries[at]!;
    if (records > small) {
      yield await cutTrace(readers, traceId, share);
      at += 1;
      continue;
    }
    let together = 0;
    let end = at;
    while (end < summaries.length && end - at < AT_ONCE.traces) {
      const next = summaries[end]!.records;
      if (next > small || together + next > AT_ONCE.records) break;
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
