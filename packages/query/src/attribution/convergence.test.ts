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
import { InheritedCounter } from './inherited-counter.ts';
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

const newRunOfItsOwn = () => newRun({ principal: { id: `k8s://demo/${newTraceId()}`, kind: 'workload' } });

/** Of each principal how much is inherited, by coverage, and by the inventory. */
const countedOf = async () => {
  const { groups } = await readers.coverage.read({
    by: ['principal'],
    filter: {},
    limit: 1000,
    fromSeconds: 0,
    toSeconds: 4_000_000_000,
  });
  const { principals } = await readers.principals.list({ filter: {}, order: 'id', limit: 1000 });
  return {
    covered: countsOf(groups.map(({ principal, assurances }) => [principal ?? '', assurances.inherited])),
    listed: countsOf(principals.map(({ id, assurances }) => [id, assurances.inherited ?? 0])),
  };
};

const countsOf = (counts: readonly (readonly [string, number])[]): ReadonlyMap<string, number> =>
  new Map(counts.filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1)));

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
  'in whatever order records arrive, two resolvers come to what the rules say of all of them, and it is counted so (%i)',
  async (seed) => {
    const graphs = fc.sample(drawnGraph, { numRuns: GRAPHS, seed }).map((drawn) => ({
      drawn,
      names: { prefix: newTraceId().slice(4), runs: Array.from({ length: RUNS }, newRunOfItsOwn) },
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
    const counters = [0, 1].map(() => new InheritedCounter({ store, logger: pino({ level: 'silent' }) }));
    for (const batch of batches) {
      const working = [...resolvers, ...counters].map((each) => each.turn());
      await Promise.all([insertGraph(store, batch), ...working]);
    }
    for (const each of [...resolvers, ...counters]) while (await each.turn());

    const found = await readers.attributions.ofSpans(
      graphs.flatMap(({ drawn, names }) => drawn.map((each) => refOf(names, each))),
    );
    let inherited = 0;
    const byPrincipal = new Map<string, number>();
    for (const { drawn, names } of graphs) {
      const expected = expectedOf(drawn, names);
      const keys = new Set(drawn.map((each) => spanKey(refOf(names, each))));
      const got = new Map(
        [...keys].flatMap((key) => {
          const attribution = found.get(key);
          if (attribution === undefined) return [];
          const { runId, principal, from: source } = attribution.inherited!;
          if (principal !== undefined) {
            byPrincipal.set(principal.id, (byPrincipal.get(principal.id) ?? 0) + 1);
          }
          expect(principal).toEqual(names.runs.find(({ id }) => id === runId)?.principal);
          return [[key, `${runId} ${spanKey(source)} ${source.hops} ${source.via}`] as const];
        }),
      );
      expect(got, JSON.stringify(drawn)).toEqual(expected);
      inherited += expected.size;
    }
    expect(inherited).toBeGreaterThan(GRAPHS / 2);

    // Of the graphs of this seed: those of another one are there already.
    const { covered, listed } = await countedOf();
    const these = new Set(graphs.flatMap(({ names }) => names.runs.map(({ principal }) => principal.id)));
    const ofThese = (counts: ReadonlyMap<string, number>) =>
      countsOf([...counts].filter(([id]) => these.has(id)));
    expect(ofThese(covered)).toEqual(countsOf([...byPrincipal]));
    expect(ofThese(listed)).toEqual(countsOf([...byPrincipal]));
  },
);
