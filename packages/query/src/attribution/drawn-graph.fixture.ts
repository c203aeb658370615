import type { CauseKind, Run, SpanKind, Witness } from '@whence/model';
import type { SpanEvidence } from '@whence/store';
import fc from 'fast-check';
import { causedBy, doneIn, type GraphSpan, span } from '../lineage/graph.fixture.ts';

/** One span of a graph that may hold anything: parents and causes that are not there, circles, contradictions. For tests. */
export interface DrawnSpan {
  readonly trace: number;
  readonly id: number;
  readonly parent: number | undefined;
  readonly reference: SpanEvidence['reference'];
  readonly run: number;
  readonly kind: SpanKind;
  readonly actor: string;
  readonly witness: Witness;
  readonly inDoubt: boolean;
  readonly opensRun: boolean;
  readonly links: readonly { readonly trace: number; readonly id: number; readonly kind: CauseKind }[];
  /** Whether it arrives a second time, with the same or with another content. */
  readonly again: 'no' | 'same' | 'other';
}

export const RUNS = 3;
const TRACES = 3;
/** Of which some are never taken. */
const IDS = 9;

const seldom = fc.oneof(
  { weight: 19, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);

const mostly = <Value>(usual: Value, ...others: readonly Value[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    ...others.map((value) => ({ weight: 1, arbitrary: fc.constant(value) })),
  );

interface DrawnLink {
  readonly cause: number;
  readonly causeIs: string;
  readonly kind: CauseKind;
}

/** A span in words of those drawn before it, so that most graphs hold together. */
const move = fc.record({
  trace: fc.nat(TRACES - 1),
  parent: fc.nat(),
  parentIs: mostly('earlier', 'any', 'none'),
  reference: fc.oneof(
    { weight: 6, arbitrary: fc.constant<SpanEvidence['reference']>('none') },
    { weight: 3, arbitrary: fc.constant<SpanEvidence['reference']>('verified') },
    { weight: 1, arbitrary: fc.constantFrom<SpanEvidence['reference'][]>('asserted', 'refuted') },
  ),
  run: mostly(0, 1, 2),
  kind: fc.constantFrom<SpanKind[]>('internal', 'client', 'server', 'producer', 'consumer'),
  actor: mostly('', 'spiffe://demo/a'),
  witness: mostly<Witness>('sdk', 'gateway'),
  inDoubt: seldom,
  opensRun: seldom,
  links: fc.oneof(
    { weight: 2, arbitrary: fc.constant<never[]>([]) },
    {
      weight: 1,
      arbitrary: fc.array(
        fc.record({
          cause: fc.nat(),
          causeIs: mostly('earlier', 'any'),
          kind: mostly<CauseKind>('message', 'spawn', 'link', 'handoff', 'approval', 'retry'),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    },
  ),
  again: mostly<DrawnSpan['again']>('no', 'same', 'other'),
});

/** In a few traces, so that they meet. */
export const drawnGraph = fc.array(move, { minLength: 8, maxLength: 20, size: 'max' }).map((moves) => {
  const spans: DrawnSpan[] = [];
  for (const { parent, parentIs, links, ...rest } of moves) {
    const inTrace = spans.filter(({ trace }) => trace === rest.trace);
    const isTop = parentIs === 'none' || (parentIs === 'earlier' && inTrace.length === 0);
    spans.push({
      ...rest,
      id: inTrace.length,
      parent: isTop ? undefined : parentIs === 'any' ? parent % IDS : parent % inTrace.length,
      links: (links as readonly DrawnLink[]).map(({ cause, causeIs, kind }) => {
        const earlier = spans[cause % Math.max(1, spans.length)];
        return causeIs === 'any' || earlier === undefined
          ? { trace: cause % TRACES, id: cause % IDS, kind }
          : { trace: earlier.trace, id: earlier.id, kind };
      }),
    });
  }
  return spans;
});

/** Names the traces of one graph. */
export interface GraphNames {
  readonly prefix: string;
  readonly runs: readonly Run[];
}

const traceIdOf = ({ prefix }: GraphNames, trace: number): string =>
  `${prefix}${String(trace).padStart(4, '0')}`;
const spanIdOf = (id: number): string => `e0${String(id).padStart(14, '0')}`;

export const refOf = (names: GraphNames, { trace, id }: Pick<DrawnSpan, 'trace' | 'id'>) => ({
  traceId: traceIdOf(names, trace),
  spanId: spanIdOf(id),
});

/** The span as the rules see it, once all of it has arrived. */
export const evidenceOfDrawn = (drawn: DrawnSpan, names: GraphNames): SpanEvidence => {
  const run = names.runs[drawn.run]!;
  return {
    ...refOf(names, drawn),
    ...(drawn.parent === undefined ? {} : { parentSpanId: spanIdOf(drawn.parent) }),
    kind: drawn.kind,
    witness: drawn.witness,
    ...(drawn.actor === '' ? {} : { actor: drawn.actor }),
    reference: drawn.reference,
    ...(drawn.reference === 'verified' ? { run: { id: run.id, path: [] } } : {}),
    opensRun: drawn.opensRun,
    inDoubt: drawn.inDoubt,
    isMark: false,
    contested: drawn.again === 'other',
    links: drawn.links.map((link) => ({ ...refOf(names, link), kind: link.kind })),
    facts: {
      ...{ startNanos: 0n, serviceName: '', statusCode: '', system: '', operation: '', target: '' },
      ...{ witness: 'sdk', actor: '', seenNanos: 0n },
    },
  };
};

/** The rows that a collector would have written of it. Those of the second run came before the run's record. */
export const rowsOfDrawn = (drawn: DrawnSpan, names: GraphNames): readonly GraphSpan[] => {
  const { traceId, spanId } = refOf(names, drawn);
  const run = names.runs[drawn.run]!;
  const attributes = {
    ...(drawn.inDoubt ? { 'whence.attribution': 'conflict' } : {}),
    ...(drawn.opensRun ? { 'whence.run.id': run.id } : {}),
  };
  const references: Readonly<Record<SpanEvidence['reference'], Readonly<Record<string, unknown>>>> = {
    none: {},
    verified: drawn.run === 1 ? { RunId: run.id, Assurance: 'verified' } : doneIn(run),
    asserted: { RunId: run.id, Assurance: 'asserted' },
    refuted: { RunId: run.id, Assurance: 'refuted' },
  };
  const made = span({
    TraceId: traceId,
    SpanId: spanId,
    ...(drawn.parent === undefined ? {} : { ParentSpanId: spanIdOf(drawn.parent) }),
    SpanKind: drawn.kind.charAt(0).toUpperCase() + drawn.kind.slice(1),
    Witness: drawn.witness,
    Actor: drawn.actor,
    SpanAttributes: attributes,
    ...references[drawn.reference],
    ...causedBy(...drawn.links.map((link) => ({ by: refOf(names, link), kind: link.kind }))),
  });
  const row = { ...made, spanId };
  if (drawn.again === 'no') return [row];
  const second = drawn.again === 'same' ? {} : { StatusMessage: 'not so' };
  return [row, { ...row, row: { ...row.row, BatchId: run.id, ...second } }];
};
