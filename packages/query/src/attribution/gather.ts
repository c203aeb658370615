import type { Between, EvidenceReader, SpanEvidence } from '@whence/store';
import { type Evidence, evidenceOf } from './evidence.ts';
import { causesElsewhere } from './links-followed.ts';

/** Rows in memory at a time, of the traces asked for, and as many of those that they are linked to. */
export const ROWS_AT_ONCE = 100_000;
/** Traces that the asked ones are linked to, over any number of links. */
const LINKED_TRACES = 2000;
/** Ids in one statement. */
const TRACES_AT_ONCE = 200;

export interface Gathered {
  readonly evidence: Evidence;
  /** Traces asked for that are wholly there. */
  readonly traceIds: readonly string[];
  /** Those for which there was no room: to be asked for on their own. */
  readonly rest: readonly string[];
  /** Of linked traces some were not read, for want of room. */
  readonly isCut: boolean;
  /** Which trace's attribution depends on which other one: from, to. */
  readonly linked: readonly (readonly [string, string])[];
}

/** All spans of these traces, and of those that their spans without a reference are linked to. At most 200 ids. */
export const gather = async (
  reader: EvidenceReader,
  traceIds: readonly string[],
  alsoBetween?: Between,
): Promise<Gathered> => {
  const asked = await reader.ofTraces(traceIds, ROWS_AT_ONCE, alsoBetween);
  const traces = new Map<string, readonly SpanEvidence[]>(asked.traces);
  const unread = new Set(asked.tooLarge);

  let room = ROWS_AT_ONCE;
  let wanted = causesOf(traces.values()).filter((traceId) => !traces.has(traceId) && !unread.has(traceId));
  let read = 0;
  let isCut = false;
  while (wanted.length > 0) {
    const some = wanted.slice(0, TRACES_AT_ONCE);
    if (read + some.length > LINKED_TRACES || room <= 0) {
      for (const traceId of wanted) unread.add(traceId);
      isCut = true;
      break;
    }
    read += some.length;
    const linked = await reader.ofTraces(some, room, alsoBetween);
    for (const traceId of [...linked.tooLarge, ...linked.rest]) unread.add(traceId);
    isCut ||= linked.rest.length > 0;
    for (const [traceId, spans] of linked.traces) {
      traces.set(traceId, spans);
      unread.delete(traceId);
      room -= spans.length;
    }
    const found = [...wanted.slice(TRACES_AT_ONCE), ...causesOf(linked.traces.values())];
    wanted = [...new Set(found)].filter((traceId) => !traces.has(traceId) && !unread.has(traceId));
  }
  return {
    evidence: evidenceOf(traces, unread),
    traceIds: [...asked.traces.keys(), ...asked.tooLarge],
    rest: asked.rest,
    isCut,
    linked: edgesOf(traces),
  };
};

const causesOf = (read: Iterable<readonly SpanEvidence[]>): readonly string[] => [
  ...new Set([...read].flatMap((spans) => spans.flatMap(causesElsewhere).map(({ traceId }) => traceId))),
];

const edgesOf = (
  traces: ReadonlyMap<string, readonly SpanEvidence[]>,
): readonly (readonly [string, string])[] =>
  [...traces].flatMap(([traceId, spans]) => causesOf([spans]).map((linked) => [traceId, linked] as const));
