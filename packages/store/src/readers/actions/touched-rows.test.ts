import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Readers, readersOf } from '../open-readers.ts';
import { hexId, insert, span } from '../records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import type { ActionFilter, ActionPosition } from './action-reader.ts';
import { ACTION_COLUMNS } from './action-row.ts';
import { touchedRows } from './touched-rows.ts';

let temporary: TemporaryStore;
let readers: Readers;

const TABLE = 'postgresql://db:5432/bank/ledger';
const OTHER = 'postgresql://db:5432/bank/ledger_2026';
/** More than a double holds. */
const STATEMENT = '18446744073709551557';
const BEGAN = Date.parse('2026-03-01T03:00:00Z');

/** Forty begin within each of the first seconds, one in each of the later ones. */
const secondOfRow = (index: number): number => (index < 120 ? Math.floor(index / 40) : index);

const row = (index: number, more: { readonly Target?: string; readonly ReceivedAt?: string } = {}) => {
  const moment = new Date(BEGAN + secondOfRow(index) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return {
    ...span(hexId(32, index % 7), hexId(16, index + 1)),
    Timestamp: `${moment}.${String((index * 7919) % 1000).padStart(3, '0')}000000`,
    ReceivedAt: '2026-03-01 04:00:00.000',
    System: 'postgresql',
    Operation: index % 3 === 0 ? 'UPDATE' : 'SELECT',
    Target: index % 10 === 9 ? OTHER : TABLE,
    StatementHash: index % 5 === 0 ? STATEMENT : '0',
    ...more,
  };
};

type Row = ReturnType<typeof row>;

const ROWS: readonly Row[] = Array.from({ length: 300 }, (_, index) => row(index));

beforeAll(async () => {
  temporary = await openTemporaryStore();
  readers = readersOf(temporary.store, 'default');
  await temporary.store.client.command({ query: 'SYSTEM STOP MERGES otel_traces' });
  // Whatever the order in which it arrives, and whoever has rows at the same offsets.
  for (const part of [0, 1, 2, 3]) {
    await insert(
      temporary.store,
      'otel_traces',
      ROWS.filter((_, index) => index % 4 === part),
    );
  }
  await insert(
    temporary.store,
    'otel_traces',
    ROWS.slice(0, 50).map((each) => ({ ...each, TenantId: 'other' })),
  );
});

afterAll(() => temporary?.remove());

const nanosOf = ({ Timestamp }: Row): bigint => {
  const [seconds, fraction] = Timestamp.split('.') as [string, string];
  return BigInt(Date.parse(`${seconds.replace(' ', 'T')}Z`)) * 1_000_000n + BigInt(fraction);
};

const newestFirst = (rows: readonly Row[]): readonly string[] =>
  rows
    .toSorted((a, b) => {
      const [x, y] = [nanosOf(a), nanosOf(b)];
      if (x !== y) return x > y ? -1 : 1;
      return `${a.TraceId}${a.SpanId}` > `${b.TraceId}${b.SpanId}` ? -1 : 1;
    })
    .map(({ SpanId }) => SpanId);

const walked = async (filter: ActionFilter, limit: number, of = readers): Promise<readonly string[]> => {
  const found: string[] = [];
  let after: ActionPosition | undefined;
  do {
    const page = await of.actions.search({ filter, limit, ...(after === undefined ? {} : { after }) });
    found.push(...page.records.map(({ action }) => action.spanId));
    after = page.next;
  } while (after !== undefined);
  return found;
};

const at = (second: number, nanos = 0n): bigint => BigInt(BEGAN + second * 1000) * 1_000_000n + nanos;

const FILTERS: readonly (readonly [string, ActionFilter, (row: Row) => boolean])[] = [
  ['a target', { wholeTarget: TABLE }, (each) => each.Target === TABLE],
  ['some targets', { targets: [TABLE, OTHER] }, () => true],
  ['a statement', { statementHash: STATEMENT }, (each) => each.StatementHash === STATEMENT],
  [
    'a target, from within a second, up to within another',
    { wholeTarget: TABLE, fromNanos: at(0, 500_000_000n), toNanos: at(130, 200_000_000n) },
    (each) =>
      each.Target === TABLE && nanosOf(each) >= at(0, 500_000_000n) && nanosOf(each) < at(130, 200_000_000n),
  ],
  ['what nobody touched', { wholeTarget: `${TABLE}x` }, () => false],
];

describe('what touched', () => {
  test.each(FILTERS)('%s: page by page, whatever their length', async (_, filter, suits) => {
    const expected = newestFirst(ROWS.filter(suits));
    for (const limit of [23, 1000]) expect(await walked(filter, limit)).toEqual(expected);
  });

  test('is found at its places, where they tell', async () => {
    const read = (filter: ActionFilter, after?: ActionPosition, newest = 11) =>
      touchedRows(
        { store: temporary.store, tenant: 'default' },
        { filter, newest, columns: ACTION_COLUMNS, ...(after === undefined ? {} : { after }) },
      );
    const all = newestFirst(ROWS.filter((each) => each.Target === TABLE));
    expect((await read({ wholeTarget: TABLE }))?.map(({ SpanId }) => SpanId)).toEqual(all.slice(0, 11));
    // Of a second of forty, those before the cursor are too many for what is left of eleven.
    const last = ROWS.find(({ SpanId }) => SpanId === all.at(-3))!;
    const after = { startNanos: nanosOf(last), traceId: last.TraceId, spanId: last.SpanId };
    expect(await read({ wholeTarget: TABLE }, after)).toBeUndefined();
    expect(await read({ wholeTarget: TABLE, operation: 'UPDATE' })).toBeUndefined();
    expect(await read({ target: TABLE })).toBeUndefined();
  });

  test('by what was received until then', async () => {
    await insert(temporary.store, 'otel_traces', [
      row(900, { Target: 'late://one', ReceivedAt: '2026-03-01 05:00:00.000' }),
    ]);
    const then = readersOf(temporary.store, 'default', Date.parse('2026-03-01T04:30:00Z'));
    expect(await walked({ wholeTarget: 'late://one' }, 10, then)).toEqual([]);
    expect(await walked({ wholeTarget: 'late://one' }, 10)).toHaveLength(1);
  });

  test('and was sent twice is one, and what differs is shown', async () => {
    const once = row(901, { Target: 'twice://one' });
    await insert(temporary.store, 'otel_traces', [once]);
    await insert(temporary.store, 'otel_traces', [{ ...once, BatchId: row(0).BatchId }]);
    expect(await walked({ wholeTarget: 'twice://one' }, 10)).toEqual([once.SpanId]);
    await insert(temporary.store, 'otel_traces', [{ ...once, SpanName: 'another' }]);
    expect(await walked({ wholeTarget: 'twice://one' }, 10)).toEqual([once.SpanId, once.SpanId]);
  });
});

describe('what comes into question', () => {
  test('the newest, told by little, and each whole on demand', async () => {
    const { touching, truncated, whole } = await readers.actions.touching({ wholeTarget: TABLE }, 25);
    const expected = newestFirst(ROWS.filter((each) => each.Target === TABLE)).slice(0, 25);
    expect([touching.map(({ spanId }) => spanId), truncated]).toEqual([expected, true]);
    expect(touching[0]).toMatchObject({
      target: TABLE,
      status: 'unset',
      assurance: 'none',
      durationNanos: 1_500_000,
    });
    const some = [touching[3]!, touching[20]!];
    const found = await whole(some);
    expect(new Set(found.map(({ action }) => action.spanId))).toEqual(
      new Set(some.map(({ spanId }) => spanId)),
    );
    expect(await whole([])).toEqual([]);
  });

  test('also of what has to be searched for', async () => {
    const { touching, truncated, whole } = await readers.actions.touching({ target: TABLE }, 1000);
    expect([touching.length, truncated]).toEqual([300, false]);
    expect((await whole(touching.slice(0, 2))).map(({ action }) => action.spanId)).toEqual(
      touching.slice(0, 2).map(({ spanId }) => spanId),
    );
  });

  test('and where the rows lie elsewhere by then', async () => {
    const { touching, whole } = await readers.actions.touching({ wholeTarget: OTHER }, 5);
    await temporary.store.client.command({ query: 'SYSTEM START MERGES otel_traces' });
    await temporary.store.client.command({ query: 'OPTIMIZE TABLE otel_traces FINAL' });
    const found = await whole(touching);
    expect(new Set(found.map(({ action }) => action.spanId))).toEqual(
      new Set(touching.map(({ spanId }) => spanId)),
    );
    expect(found.every(({ action }) => action.target === OTHER)).toBe(true);
  });
});
