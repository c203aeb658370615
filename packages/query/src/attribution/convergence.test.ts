import { type Readers, readersOf, type Store, spanKey } from '@whence/store';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GraphSpan, insertGraph, newRun, newTraceId } from '../lineage/graph.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import {
  type DrawnSpan,
  drawnGraph,
  evidenceOfDrawn,
  type GraphNames,
  RUNS,
  refOf,
  rowsOfDrawn,
} from './drawn-graph.fixture.ts';
import { evidenceOf } from './evidence.ts';
import { ResolverTurns } from './resolver.ts';
import { attributionRules } from './rules.ts';

let temporary: TemporaryStore;
let store: Store;
let readers: Readers;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
  readers = readersOf(store, 'default');
});

afterAll(() => temporary?.remove());

const BATCHES = 5;
const GRAPHS = 60;

/** What the rules say of the whole graph: `run source hops way` of each span that inherits. */
const expectedOf = (drawn: readonly DrawnSpan[], names: GraphNames): ReadonlyMap<string, string> => {
  const spans = drawn.map((each) => evidenceOfDrawn(each, names));
  const rules = attributionRules(evidenceOf(Map.groupBy(spans, ({ traceId }) => traceId)));
  return new Map(
    spans.flatMap((span) => {
      const found = rules(span);
      return found.status === 'inherited'
        ? [
            [
              spanKey(span),
              `${found.source.run.id} ${spanKey(found.source)} ${found.hops} ${found.via}`,
            ] as const,
          ]
        : [];
    }),
  );
};

test.each([20260301, 20260302])(
  'in whatever order records arrive, two resolvers come to what the rules say of all of them (%i)',
  async (seed) => {
    const graphs = fc.sample(drawnGraph, { numRuns: GRAPHS, seed }).map((drawn) => ({
      drawn,
      names: { prefix: newTraceId().slice(4), runs: Array.from({ length: RUNS }, () => newRun()) },
    }));
    const order = fc.sample(fc.nat(BATCHES - 1), { numRuns: 5000, seed });
    let next = 0;
    const batches = Array.from({ length: BATCHES }, () => ({
      spans: [] as GraphSpan[],
      runs: [] as GraphNames['runs'][number][],
    }));
    const anyBatch = () => batches[order[next++ % order.length]!]!;
    for (const { drawn, names } of graphs) {
      for (const each of drawn) for (const row of rowsOfDrawn(each, names)) anyBatch().spans.push(row);
      for (const run of names.runs) anyBatch().runs.push(run);
    }

    const resolvers = [0, 1].map(
      () =>
        new ResolverTurns({ store, logger: pino({ level: 'silent' }), intervalMillis: 1000, sliceRows: 700 }),
    );
    for (const batch of batches) {
      await Promise.all([insertGraph(store, batch), ...resolvers.map((each) => each.turn())]);
    }
    for (const each of resolvers) while (await each.turn());

    const found = await readers.attributions.ofSpans(
      graphs.flatMap(({ drawn, names }) => drawn.map((each) => refOf(names, each))),
    );
    let inherited = 0;
    for (const { drawn, names } of graphs) {
      const expected = expectedOf(drawn, names);
      const keys = new Set(drawn.map((each) => spanKey(refOf(names, each))));
      const got = new Map(
        [...keys].flatMap((key) => {
          const attribution = found.get(key);
          if (attribution === undefined) return [];
          const { runId, principal, from: source } = attribution.inherited!;
          expect(principal).toEqual(names.runs.find(({ id }) => id === runId)?.principal);
          return [[key, `${runId} ${spanKey(source)} ${source.hops} ${source.via}`] as const];
        }),
      );
      expect(got, JSON.stringify(drawn)).toEqual(expected);
      inherited += expected.size;
    }
    expect(inherited).toBeGreaterThan(GRAPHS / 2);
  },
);
