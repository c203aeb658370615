import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../open.ts';
import { type Readers, readersOf } from '../open-readers.ts';
import {
  doneIn,
  doneInUnknown,
  hexId,
  insert,
  run,
  runRow,
  span,
  TRACE,
  timeAt,
} from '../records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import type { ActionSearch } from './action-reader.ts';

let temporary: TemporaryStore;
let store: Store;
let readers: Readers;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
  readers = readersOf(store, 'default');
});

afterAll(() => temporary?.remove());

beforeEach(() => temporary.clear());

const spanIds = (records: readonly { action: { spanId: string } }[]): readonly string[] =>
  records.map(({ action }) => action.spanId);

const S = (of: number): string => hexId(16, of);

describe('search', () => {
  const found = async (filter: ActionSearch['filter'], limit = 100): Promise<readonly string[]> =>
    spanIds((await readers.actions.search({ filter, limit })).records);

  test('by every field, newest first', async () => {
    const nightly = run();
    const late = run({ principal: { id: 'github://demo/app/ci', kind: 'ci_runner' } });
    await insert(store, 'runs', [runRow(nightly), runRow(late)]);
    await insert(store, 'otel_traces', [
      span(TRACE, S(1), { ...doneIn(nightly), System: 'postgresql', Operation: 'UPDATE' }),
      span(TRACE, S(2), { ...doneInUnknown(late.id), ServiceName: 'fx', StatusCode: 'Error' }),
      span(TRACE, S(3), {
        Target: 'postgresql://db/bank/accounts',
        SpanAttributes: { 'db.statement': 'SELECT Zoë' },
      }),
    ]);
    expect(await found({})).toEqual([S(3), S(2), S(1)]);
    expect(await found({ fromNanos: 1_760_000_000_000_000_002n })).toEqual([S(3), S(2)]);
    expect(await found({ toNanos: 1_760_000_000_000_000_002n })).toEqual([S(1)]);
    expect(await found({ principal: nightly.principal.id })).toEqual([S(1)]);
    expect(await found({ principal: late.principal.id })).toEqual([S(2)]);
    expect(await found({ runId: late.id })).toEqual([S(2)]);
    expect(await found({ rootRunId: nightly.id })).toEqual([S(1)]);
    expect(await found({ rootRunId: late.id })).toEqual([S(2)]);
    expect(await found({ service: 'fx' })).toEqual([S(2)]);
    expect(await found({ system: 'postgresql' })).toEqual([S(1)]);
    expect(await found({ operation: 'UPDATE' })).toEqual([S(1)]);
    expect(await found({ target: 'postgresql://db/bank' })).toEqual([S(3)]);
    expect(await found({ text: 'select zoë' })).toEqual([S(3)]);
    expect(await found({ assurance: 'none' })).toEqual([S(3)]);
    expect(await found({ status: 'error' })).toEqual([S(2)]);
    expect(await found({ service: 'fx', status: 'ok' })).toEqual([]);
  });

  test.each([
    ['a target', { wholeTarget: 'postgresql://db/bank/accounts' }],
    ['what begins like a target', { target: 'postgresql://db/bank/acc' }],
    ['a statement', { statementHash: '18446744073709551615' }],
    ['a target, by a service', { wholeTarget: 'postgresql://db/bank/accounts', service: 'billing' }],
  ])('the history of %s comes in whole pages, within its time', async (_what, filter) => {
    const touched = { Target: 'postgresql://db/bank/accounts', StatementHash: '18446744073709551615' };
    // Nine in each of four seconds, and one out of all reckoning at either end.
    const times = [
      '1969-12-31 23:59:59.5',
      ...Array.from({ length: 36 }, (_, of) => `2026-03-01 03:14:0${Math.floor(of / 9)}.${of}`),
      '2150-01-01 00:00:00.5',
    ];
    await insert(
      store,
      'otel_traces',
      times.map((Timestamp, of) => span(TRACE, S(of), { Timestamp, ...touched })),
    );
    await insert(store, 'otel_traces', [
      span(TRACE, S(100), { Timestamp: '2026-03-01 03:14:01.5', Target: 'postgresql://db/bank/invoices' }),
      span(TRACE, S(101), { Timestamp: '2026-03-01 03:14:01.5', ...touched, TenantId: 'other' }),
    ]);
    const pages = async (more: ActionSearch['filter'], limit: number): Promise<readonly string[]> => {
      const ids: string[] = [];
      let after: ActionSearch['after'];
      do {
        const { records, next } = await readers.actions.search({
          filter: { ...filter, ...more },
          limit,
          ...(after === undefined ? {} : { after }),
        });
        if (next !== undefined) expect(records).toHaveLength(limit);
        ids.push(...spanIds(records));
        after = next;
      } while (after !== undefined);
      return ids;
    };
    const newestFirst = (await found(filter)) as readonly string[];
    expect(new Set(newestFirst)).toEqual(new Set(times.map((_time, of) => S(of))));
    expect(newestFirst[0]).toBe(S(37));
    expect(newestFirst.at(-1)).toBe(S(0));
    expect(await pages({}, 5)).toEqual(newestFirst);
    const second = 1_772_334_841_000_000_000n;
    const within = await pages({ fromNanos: second, toNanos: second + 1_000_000_000n }, 4);
    expect(new Set(within)).toEqual(new Set(Array.from({ length: 9 }, (_, of) => S(10 + of))));
  });

  test('pages hold every span once, whatever is sent twice, contradicts or arrives meanwhile', async () => {
    const rows = Array.from({ length: 25 }, (_, index) =>
      // Five spans for each moment, so that ties are broken by the ids.
      span(TRACE, S(index), { Timestamp: timeAt(Math.floor(index / 5)) }),
    );
    await insert(store, 'otel_traces', rows);
    await insert(store, 'otel_traces', [...rows, { ...rows[7]!, StatusMessage: 'a contradiction' }]);
    const pages: string[] = [];
    let after: ActionSearch['after'];
    for (let page = 0; ; page += 1) {
      const { records, next } = await readers.actions.search({
        filter: {},
        limit: 4,
        ...(after === undefined ? {} : { after }),
      });
      pages.push(...spanIds(records));
      if (next === undefined) break;
      after = next;
      await insert(store, 'otel_traces', [span(TRACE, S(1000 + page))]);
    }
    expect(pages).toEqual(
      [...rows.keys()].flatMap((index) => (index === 7 ? [S(7), S(7)] : [S(index)])).reverse(),
    );
  });
});

test('what comes from outside is never part of a statement', async () => {
  await insert(store, 'otel_traces', [span(TRACE, S(1), { TenantId: 'other' }), span(TRACE, S(2))]);
  for (const evil of [
    "' OR 1=1 --",
    "\\' OR 1=1 --",
    "'; DROP TABLE otel_traces; --",
    '{tenant:String}',
    '\\',
    '%',
    '"',
    '\t\n',
    "x') UNION ALL SELECT 1 --",
  ]) {
    for (const field of ['principal', 'service', 'system', 'operation', 'target', 'text'] as const) {
      const { records } = await readers.actions.search({ filter: { [field]: evil }, limit: 10 });
      expect([field, evil, records]).toEqual([field, evil, []]);
    }
    expect(await readers.actions.bySpan({ spanId: evil })).toEqual([]);
    expect(await readers.actions.bySpans(evil, [evil])).toEqual([]);
    expect(await readersOf(store, evil).actions.bySpan({ spanId: S(1) })).toEqual([]);
    expect(await readers.causes.effectsOfTrace(evil, 10)).toEqual({ causes: [], truncated: false });
  }
  expect(await readers.actions.bySpan({ spanId: S(2) })).toHaveLength(1);
});
