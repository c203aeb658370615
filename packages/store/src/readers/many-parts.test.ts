import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../open.ts';
import type { ActionFilter, StampedSpan } from './actions/action-reader.ts';
import { type Readers, readersOf } from './open-readers.ts';
import { EARLIER, hexId, insert, run, runRow, span } from './records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from './temporary-store.fixture.ts';

/**
 * Rows lie in parts, and each part is looked through by itself. A condition that the engine misreads where it looks by
 * a projection may be right in one part and wrong in the next (26.7 does that with an AND inside of another condition):
 * so whatever is asked is asked of rows in as many parts as there are rows of a kind, and compared with the rows.
 */
let temporary: TemporaryStore;
let store: Store;
let readers: Readers;

const PARTS = 8;
const PER_PART = 6;
const TARGETS = ['postgresql://db/bank/accounts', 'postgresql://db/bank/invoices', ''];
const SERVICES = ['billing', 'fx'];
const named = run();
const late = run({ principal: { id: 'github://demo/app/ci', kind: 'ci_runner' } });
const RUNS = [named, late, undefined];

interface Row {
  readonly traceId: string;
  readonly spanId: string;
  readonly target: string;
  readonly hash: string;
  readonly service: string;
  readonly run: number;
  readonly nanos: bigint;
}

const rows: readonly Row[] = Array.from({ length: PARTS * PER_PART }, (_, of) => ({
  traceId: hexId(32, 1 + Math.floor(of / 3)),
  spanId: hexId(16, 1 + of),
  target: TARGETS[of % 3]!,
  hash: `${of % 4}`,
  service: SERVICES[Math.floor(of / 2) % 2]!,
  run: Math.floor(of / 5) % 3,
  nanos: EARLIER + BigInt(1 + of),
}));

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
  readers = readersOf(store, 'default');
  await store.client.command({ query: 'SYSTEM STOP MERGES otel_traces' });
  await insert(store, 'runs', [runRow(named), runRow(late)]);
  for (let part = 0; part < PARTS; part++) {
    const own = rows.slice(part * PER_PART, (part + 1) * PER_PART);
    await insert(store, 'otel_traces', [
      ...own.map((row) =>
        span(row.traceId, row.spanId, {
          Target: row.target,
          StatementHash: row.hash,
          ServiceName: row.service,
          Operation: 'UPDATE',
          ...(row.run === 0
            ? { RunId: named.id, RootRunId: named.id, PrincipalId: named.principal.id, Assurance: 'verified' }
            : {}),
          ...(row.run === 1 ? { RunId: late.id, Assurance: 'verified' } : {}),
        }),
      ),
      ...own.map((row) =>
        span(row.traceId, row.spanId, { TenantId: 'other', Target: row.target, StatementHash: row.hash }),
      ),
    ]);
  }
});

afterAll(() => temporary?.remove());

const matches =
  (filter: ActionFilter) =>
  (row: Row): boolean =>
    (filter.wholeTarget === undefined || row.target === filter.wholeTarget) &&
    (filter.targets === undefined || filter.targets.includes(row.target)) &&
    (filter.target === undefined || row.target.startsWith(filter.target)) &&
    (filter.statementHash === undefined || row.hash === filter.statementHash) &&
    (filter.service === undefined || row.service === filter.service) &&
    (filter.principal === undefined || RUNS[row.run]?.principal.id === filter.principal) &&
    (filter.runId === undefined || RUNS[row.run]?.id === filter.runId) &&
    (filter.rootRunId === undefined || RUNS[row.run]?.id === filter.rootRunId) &&
    (filter.text === undefined || row.target.includes(filter.text)) &&
    (filter.fromNanos === undefined || row.nanos >= filter.fromNanos) &&
    (filter.toNanos === undefined || row.nanos < filter.toNanos);

const maybe = <Value>(...values: readonly Value[]) =>
  fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });

test('a search finds what is there, in whatever part, by every combination of fields', async () => {
  const moments = rows.map(({ nanos }) => nanos);
  const filters = fc.record({
    wholeTarget: maybe(TARGETS[0]!, TARGETS[1]!),
    targets: maybe([TARGETS[0]!, TARGETS[1]!]),
    target: maybe('postgresql://db/bank/a', 'postgresql://'),
    statementHash: maybe('1', '2'),
    service: maybe(...SERVICES),
    principal: maybe(named.principal.id, late.principal.id),
    runId: maybe(named.id, late.id),
    rootRunId: maybe(named.id, late.id),
    text: maybe('invoices'),
    fromNanos: maybe(...moments),
    toNanos: maybe(...moments),
  });
  await fc.assert(
    fc.asyncProperty(filters, fc.integer({ min: 1, max: 20 }), async (drawn, limit) => {
      const filter = Object.fromEntries(
        Object.entries(drawn).filter(([, value]) => value !== undefined),
      ) as ActionFilter;
      const wanted = rows.filter(matches(filter)).map(({ spanId }) => spanId);
      const { records, next } = await readers.actions.search({ filter, limit });
      expect(records.map(({ action }) => action.spanId)).toEqual(wanted.toReversed().slice(0, limit));
      expect(next !== undefined).toBe(wanted.length > limit);
    }),
    { numRuns: 120 },
  );
}, 120_000);

const ids = (records: readonly { readonly action: { readonly spanId: string } }[]) =>
  records.map(({ action }) => action.spanId);

test('what is looked up by an id is found in whatever part', async () => {
  for (const { traceId, spanId } of rows) {
    expect(ids(await readers.actions.bySpan({ spanId }))).toEqual([spanId]);
    expect(ids(await readers.actions.bySpan({ spanId, traceId }))).toEqual([spanId]);
    expect(ids(await readers.actions.some([{ traceId, spanId, assurance: 'none' }]))).toEqual([spanId]);
  }
}, 120_000);

test('what was outlined is found whole, at once, by its run or by itself', async () => {
  const outlined: StampedSpan[] = [];
  for (const { spanId } of rows) {
    const [record] = await readers.actions.bySpan({ spanId });
    outlined.push(record!.action);
  }
  const found = ids(await readers.actions.some(outlined));
  expect(found.toSorted()).toEqual(outlined.map(({ spanId }) => spanId).toSorted());
  expect(outlined.some(({ runId }) => runId === undefined)).toBe(true);
  expect(outlined.some(({ runId }) => runId !== undefined)).toBe(true);
}, 120_000);

test('what is looked up by a trace is found in whatever parts', async () => {
  for (const [traceId, own] of Map.groupBy(rows, (row) => row.traceId)) {
    const ofTrace = own.map((row) => row.spanId);
    expect(ids(await readers.actions.bySpans(traceId, ofTrace)).toSorted()).toEqual(ofTrace);
    expect(ids((await readers.actions.smallTrace(traceId, 10)).records).toSorted()).toEqual(ofTrace);
    expect((await readers.actions.topOfTrace(traceId))?.action.spanId).toBe(ofTrace[0]);
    expect((await readers.actions.outline(traceId, 10)).spans.map((of) => of.spanId)).toEqual(ofTrace);
    const [summary] = await readers.traces.summaries([traceId]);
    expect(summary?.spans).toBe(ofTrace.length);
    expect((await readers.traces.layout(traceId, 10)).places.map((of) => of.spanId)).toEqual(ofTrace);
  }
}, 120_000);

test('totals of a run count what lies in every part', async () => {
  for (const [index, of] of [named, late].entries()) {
    const wanted = rows.filter((row) => row.run === index);
    expect(await readers.actions.totalsBelow(of)).toMatchObject({ actions: wanted.length, runs: 1 });
    const { records } = await readers.actions.below(of, 100);
    expect(records.map(({ action }) => action.spanId)).toEqual(wanted.map(({ spanId }) => spanId));
    expect((await readers.actions.outlineBelow(of, 100)).actions).toHaveLength(wanted.length);
    expect((await readers.actions.firstOf(of.id))?.action.spanId).toBe(wanted[0]!.spanId);
  }
});

test('what was received later is left out, in whatever part, and however it is looked up', async () => {
  const received = Date.parse('2026-03-01T03:15:00.000Z');
  const before = readersOf(store, 'default', received - 1);
  const then = readersOf(store, 'default', received);
  const asked = async (by: Readers) => {
    const found: unknown[] = [];
    for (const { traceId, spanId } of rows.slice(0, 12)) {
      found.push(
        await by.actions.bySpan({ spanId }),
        await by.actions.bySpans(traceId, [spanId]),
        (await by.actions.smallTrace(traceId, 10)).records,
        (await by.actions.outline(traceId, 10)).spans,
        (await by.evidence.ofTraces({ by: 'id', ids: [traceId] }, 10)).traces.get(traceId),
      );
    }
    found.push(
      (await by.actions.search({ filter: { wholeTarget: TARGETS[0]! }, limit: 50 })).records,
      (await by.actions.search({ filter: { targets: [TARGETS[0]!, TARGETS[1]!] }, limit: 50 })).records,
      (await by.actions.search({ filter: { statementHash: '1', service: 'fx' }, limit: 50 })).records,
      (await by.actions.below(named, 100)).records,
    );
    return found;
  };
  expect((await asked(before)).flat()).toEqual([]);
  expect(await asked(then)).toEqual(await asked(readers));
}, 120_000);
