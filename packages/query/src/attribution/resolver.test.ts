import { newRunId } from '@whence/model';
import { type Readers, readersOf, type Store, slicesOf, spanKey, storedArrivals } from '@whence/store';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newCounters } from '../counters.ts';
import {
  causedBy,
  doneIn,
  type GraphSpan,
  insertGraph,
  newRun,
  newSpanId,
  newTraceId,
  span,
  timeAt,
  under,
} from '../lineage/graph.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import { resolveTraces } from './resolve-traces.ts';
import { ResolverTurns, startResolver } from './resolver.ts';
import { WatchedAlready } from './watched-already.ts';

let temporary: TemporaryStore;
let store: Store;
let readers: Readers;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
  readers = readersOf(store, 'default');
});

afterAll(() => temporary?.remove());

const logger = pino({ level: 'silent' });
const newTurns = (more: { readonly sliceRows?: number } = {}): ResolverTurns =>
  new ResolverTurns({ store, logger, intervalMillis: 1000, ...more });

const settled = async (turns: ResolverTurns): Promise<void> => {
  while (await turns.turn());
};

const spans = (...all: readonly GraphSpan[]) => insertGraph(store, { spans: all, runs: [] });

/** What is known of an action by now: of whom, by how many steps, from where. */
const known = async (of: GraphSpan) => {
  const found = (await readers.attributions.ofSpans([of])).get(spanKey(of))?.inherited;
  return found && { run: found.runId, principal: found.principal?.id, ...found.from };
};

const learntOf = ({ traceId }: GraphSpan) => readers.attributions.ofTraces({ by: 'id', ids: [traceId] });

const rowsOf = async (of: GraphSpan): Promise<number> =>
  (await learntOf(of)).filter(({ spanId }) => spanId === of.spanId).length;

const run = newRun();
const inherits = (from: GraphSpan, hops: number, via = 'parent') => ({
  run: run.id,
  principal: run.principal.id,
  traceId: from.traceId,
  spanId: from.spanId,
  via,
  hops,
});

describe('what arrives late', () => {
  const turns = () => newTurns();

  test('a parent, long after its child and by another batch of an earlier day', async () => {
    const resolver = turns();
    const top = span(doneIn(run));
    const middle = span(under(top));
    const leaf = span(under(middle));
    await spans(leaf);
    await settled(resolver);
    expect(await known(leaf)).toBeUndefined();

    await spans({ ...top, row: { ...top.row, ReceivedAt: timeAt(-7 * 86_400_000) } });
    await settled(resolver);
    expect(await known(leaf)).toBeUndefined();

    await spans(middle);
    await settled(resolver);
    expect(await known(leaf)).toEqual(inherits(top, 2));
    expect(await known(middle)).toEqual(inherits(top, 1));
    expect(await rowsOf(leaf)).toBe(1);
  });

  test('the record of a run: first the run is known, then who is behind it', async () => {
    const resolver = turns();
    const late = newRun();
    const top = span({ RunId: late.id, Assurance: 'verified' });
    const child = span(under(top));
    await spans(top, child);
    await settled(resolver);
    expect(await known(child)).toMatchObject({ run: late.id, principal: undefined });
    const [first] = await learntOf(child);

    await insertGraph(store, { spans: [], runs: [{ ...late, assurance: 'asserted' }] });
    await settled(resolver);
    expect(await known(child)).toMatchObject({ principal: undefined });

    await insertGraph(store, { spans: [], runs: [late] });
    await settled(resolver);
    expect(await known(child)).toMatchObject({ run: late.id, principal: late.principal.id });
    const asThen = await readers.attributions.ofSpans([child], first!.knownAtMicros);
    expect(asThen.get(spanKey(child))?.inherited).not.toHaveProperty('principal');
    expect(await readers.attributions.ofSpans([child], first!.knownAtMicros - 1n)).toEqual(new Map());
  });

  test('the cause that a link names, over two traces without references', async () => {
    const resolver = turns();
    const producer = span({ ...doneIn(run), SpanKind: 'Producer' });
    const consumer = span(causedBy({ by: producer, kind: 'message' }));
    const forward = span({ ...under(consumer), SpanKind: 'Producer' });
    const last = span(causedBy({ by: forward, kind: 'message' }));
    const leaf = span(under(last));
    await spans(last, leaf);
    await settled(resolver);
    await spans(consumer, forward);
    await settled(resolver);
    expect(await known(leaf)).toBeUndefined();
    await spans(producer);
    await settled(resolver);
    expect(await known(leaf)).toEqual(inherits(producer, 4, 'link'));
    expect(await known(consumer)).toEqual(inherits(producer, 1, 'link'));
  });

  test('what speaks against it: it is withdrawn, and what was known stays on record', async () => {
    const resolver = turns();
    const top = span(doneIn(run));
    const child = span(under(top));
    const leaf = span(under(child));
    await spans(top, child, leaf);
    await settled(resolver);
    expect(await known(leaf)).toEqual(inherits(top, 2));
    const before = (await learntOf(leaf))[0]!.knownAtMicros;

    await spans({ ...child, row: { ...child.row, BatchId: newRunId(), StatusMessage: 'not so' } });
    await settled(resolver);
    expect(await known(leaf)).toBeUndefined();
    expect(await known(child)).toBeUndefined();
    expect(await rowsOf(leaf)).toBe(2);
    expect((await readers.attributions.ofSpans([leaf], before)).size).toBe(1);
  });
});

describe('what does no harm', () => {
  test('parents in a circle, parents that are missing, links in a circle', async () => {
    const resolver = newTurns();
    const one = newSpanId();
    const two = span({ ParentSpanId: one });
    const circle = { ...span({ ...under(two), SpanId: one }), spanId: one };
    const orphan = span({ ParentSpanId: newSpanId() });
    const there = { traceId: newTraceId(), spanId: newSpanId() };
    const back = span(causedBy({ by: there, kind: 'message' }));
    const forth = {
      ...span({ TraceId: there.traceId, SpanId: there.spanId, ...causedBy({ by: back, kind: 'message' }) }),
      spanId: there.spanId,
    };
    const self = newSpanId();
    const own = { ...span({ SpanId: self, ParentSpanId: self }), spanId: self };
    const top = span(doneIn(run));
    await spans(two, circle, orphan, back, forth, own, top);
    await settled(resolver);
    for (const each of [two, circle, orphan, back, forth, own]) expect(await known(each)).toBeUndefined();
  });

  test('a parent of the same ids in another tenant', async () => {
    const resolver = newTurns();
    const theirs = span({ ...doneIn(run), TenantId: 'other' });
    const ours = span(under(theirs));
    const linked = span(causedBy({ by: theirs, kind: 'message' }));
    await spans(theirs, ours, linked);
    await settled(resolver);
    expect(await known(ours)).toBeUndefined();
    expect(await known(linked)).toBeUndefined();

    const child = span({ ...under(theirs), TenantId: 'other' });
    await spans(child);
    await settled(resolver);
    expect(await known(child)).toBeUndefined();
    expect((await readersOf(store, 'other').attributions.ofSpans([child])).size).toBe(1);
  });

  test('the record of a run of another tenant', async () => {
    const theirs = newRun({ tenant: 'other' });
    const top = span({ RunId: theirs.id, Assurance: 'verified' });
    const child = span(under(top));
    await insertGraph(store, { spans: [top, child], runs: [theirs] });
    await settled(newTurns());
    expect(await known(child)).toMatchObject({ principal: undefined });
  });
});

describe('what has been looked at', () => {
  test('is remembered by the next service, and what it stopped at is looked at again', async () => {
    await settled(newTurns());
    const top = span(doneIn(run));
    const child = span(under(top));
    await spans(top, child);
    await newTurns().turn(() => true);
    expect(await known(child)).toBeUndefined();
    await settled(newTurns());
    expect(await known(child)).toEqual(inherits(top, 1));
    expect(await newTurns().turn()).toBe(false);
  });

  test('does not depend on parts: merged before or after they were looked at, and read piece by piece', async () => {
    const resolver = newTurns({ sliceRows: 3 });
    await settled(resolver);
    const top = span(doneIn(run));
    const children = Array.from({ length: 5 }, () => span(under(top)));
    for (const each of children) await spans(each);
    await store.client.command({ query: 'OPTIMIZE TABLE otel_traces FINAL' });
    await settled(resolver);
    await spans(top);
    await store.client.command({ query: 'OPTIMIZE TABLE otel_traces FINAL' });
    await settled(resolver);
    for (const each of children) expect(await known(each)).toEqual(inherits(top, 1));
    await store.client.command({ query: 'OPTIMIZE TABLE otel_traces FINAL' });
    expect(await resolver.turn()).toBe(false);
    await store.client.command({
      query: 'ALTER TABLE otel_traces MATERIALIZE INDEX idx_duration SETTINGS mutations_sync = 1',
    });
    expect(await resolver.turn()).toBe(false);
  });

  test('is not believed for long where the store no longer holds what was looked at', async () => {
    const resolver = newTurns();
    await settled(resolver);
    await store.client.command({
      query: `INSERT INTO attribution_progress (TableName, TableId, PartitionId, MinBlock, MaxBlock)
        SELECT 'otel_traces', uuid, toString(toYYYYMMDD(toMonday(toDate('2026-03-01')))), 0, 1000000 FROM system.tables
        WHERE database = currentDatabase() AND name = 'otel_traces'`,
    });
    const top = span(doneIn(run));
    const child = span(under(top));
    await spans(top, child);
    await settled(resolver);
    expect(await known(child)).toBeUndefined();
    for (let times = 0; times < 30; times += 1) await resolver.turn();
    await settled(resolver);
    expect(await known(child)).toEqual(inherits(top, 1));
    expect(await newTurns().turn()).toBe(false);
  });

  test('is not shared by a table that was made anew', async () => {
    await settled(newTurns());
    await store.client.command({ query: 'CREATE TABLE otel_traces_anew AS otel_traces' });
    await store.client.command({ query: 'EXCHANGE TABLES otel_traces AND otel_traces_anew' });
    const top = span(doneIn(run));
    const child = span(under(top));
    await spans(top, child);
    await settled(newTurns());
    expect(await known(child)).toEqual(inherits(top, 1));
    await store.client.command({ query: 'EXCHANGE TABLES otel_traces AND otel_traces_anew' });
    await store.client.command({ query: 'DROP TABLE otel_traces_anew' });
  });
});

test('two services at once write nothing that a single one would not have', async () => {
  const both = [newTurns(), newTurns()];
  const made: GraphSpan[][] = [];
  for (let round = 0; round < 4; round += 1) {
    const top = span(doneIn(run));
    const child = span(under(top));
    const leaf = span(under(child));
    made.push([top, child, leaf]);
    await spans(leaf, top);
    await Promise.all(both.map((each) => each.turn()));
    await Promise.all([...both.map((each) => each.turn()), spans(child)]);
  }
  await Promise.all(both.map(settled));
  for (const [top, child, leaf] of made) {
    expect(await known(leaf!)).toEqual(inherits(top!, 2));
    expect(await known(child!)).toEqual(inherits(top!, 1));
    const learnt = await learntOf(leaf!);
    expect(learnt.every(({ inherited }) => inherited !== undefined)).toBe(true);
  }
});

test('what one worked out from older records, and wrote after another had read newer ones, is put right', async () => {
  await settled(newTurns());
  const tenant = 'alone';
  const own = readersOf(store, tenant);
  const top = span({ ...doneIn(run), TenantId: tenant });
  const child = span({ ...under(top), TenantId: tenant });
  await store.client.command({ query: 'SYSTEM STOP MERGES otel_traces' });
  await spans(top, child);

  const arrivals = storedArrivals(store);
  const [slice] = slicesOf(await arrivals.unseen('otel_traces'), 1000);
  await arrivals.arrivedIn(slice!);
  const { promise: othersAreDone, resolve: goOn } = Promise.withResolvers<void>();
  const { promise: hasRead, resolve: read } = Promise.withResolvers<void>();
  const slow: Readers['evidence'] = {
    ...own.evidence,
    ofTraces: async (...asked) => {
      const found = await own.evidence.ofTraces(...asked);
      read();
      await othersAreDone;
      return found;
    },
  };
  const resolving = { store, tenant, arrivals, watched: new WatchedAlready() };
  const late = resolveTraces({ ...resolving, readers: { ...own, evidence: slow } }, slice!);
  await hasRead;
  await spans({ ...top, row: { ...top.row, BatchId: newRunId(), StatusMessage: 'not so' } });
  await settled(newTurns());
  const learnt = () => own.attributions.ofTraces({ by: 'id', ids: [child.traceId] });
  expect(await learnt()).toEqual([]);
  goOn();
  expect(await late).toMatchObject({ attributed: 1, withdrawn: 1 });
  expect(await learnt()).toHaveLength(2);
  expect((await own.attributions.ofSpans([child])).size).toBe(0);
  await store.client.command({ query: 'SYSTEM START MERGES otel_traces' });
});

test('runs by itself until it is stopped, and tells what it does', async () => {
  const counters = newCounters();
  const resolver = startResolver({ store, logger, counters, intervalMillis: 100 });
  const top = span(doneIn(run));
  const child = span(under(top));
  await spans(child);
  await spans(top);
  await expect.poll(() => known(child), { timeout: 10_000 }).toEqual(inherits(top, 1));
  const told = () => counters.render(resolver.gauges());
  await expect.poll(told, { timeout: 10_000 }).toMatch(/^whence_query_attribution_attributed_total [1-9]/m);
  await expect.poll(told, { timeout: 10_000 }).toMatch(/^whence_query_inherited_hours_counted_total [1-9]/m);
  expect(told()).toMatch(/^whence_query_attribution_turns_failed_total 0$/m);
  await resolver.stop();
  await resolver.stop();
});
