import type { EvidenceReader, SpanEvidence, TraceSelection } from '@whence/store';
import { type Evidence, evidenceOf } from './evidence.ts';
import { causesElsewhere } from './links-followed.ts';

/** Rows in memory at a time, of the traces asked for, and as many of those that they are linked to. */
const ROWS_AT_ONCE = 100_000;
/** Traces that the asked ones are linked to, over any number of links. */
const LINKED_TRACES = 2000;
/** Ids in one statement. */
const IDS_AT_ONCE = 200;

export interface Gathered {
  readonly evidence: Evidence;
  /** Traces asked for that are wholly there, or too large ever to be. */
  readonly traceIds: readonly string[];
  /** Some of the traces asked for, or of those that they are linked to, were not read, for want of room. */
  readonly isCut: boolean;
  /** Which trace's attribution depends on which other one: from, to. */
  readonly linked: readonly (readonly [string, string])[];
}

/** All spans of these traces, and of those that their spans without a reference are linked to. */
export const gather = async (reader: EvidenceReader, asked: TraceSelection): Promise<Gathered> => {
  const first = await reader.ofTraces(asked, ROWS_AT_ONCE);
  const traces = new Map<string, readonly SpanEvidence[]>(first.traces);
  const unread = new Set(first.tooLarge);
  const unknown = (ids: Iterable<string>): readonly string[] =>
    [...new Set(ids)].filter((traceId) => !traces.has(traceId) && !unread.has(traceId));

  let { isCut } = first;
  let room = ROWS_AT_ONCE;
  let read = 0;
  for (let wanted = unknown(causesOf(traces.values())); wanted.length > 0; ) {
    const ids = wanted.slice(0, IDS_AT_ONCE);
    read += ids.length;
    if (read > LINKED_TRACES || room <= 0) {
      for (const traceId of wanted) unread.add(traceId);
      isCut = true;
      break;
    }
    const linked = await reader.ofTraces({ by: 'id', ids }, room);
    for (const [traceId, spans] of linked.traces) {
      traces.set(traceId, spans);
      room -= spans.length;
    }
    for (const traceId of ids) if (!traces.has(traceId)) unread.add(traceId);
    isCut ||= linked.isCut;
    wanted = unknown([...wanted, ...causesOf(linked.traces.values())]);
  }
  return {
    evidence: evidenceOf(traces, unread),
    traceIds: [...first.traces.keys(), ...first.tooLarge],
    isCut,
    linked: [...traces].flatMap(([from, spans]) => causesOf([spans]).map((to) => [from, to] as const)),
  };
};

const causesOf = (read: Iterable<readonly SpanEvidence[]>): readonly string[] => [
  ...new Set([...read].flatMap((spans) => spans.flatMap(causesElsewhere).map(({ traceId }) => traceId))),
];
