import { newRunId } from '@whence/model';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Store } from '../../open.ts';
import { doneIn, doneInUnknown, hexId, insert, run, runRow, span, TRACE } from '../records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';

let temporary: TemporaryStore;
let store: Store;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
});

afterAll(() => temporary?.remove());

beforeEach(() => temporary.clear());

const S = (of: number): string => hexId(16, of);

const rows = async (query: string): Promise<readonly unknown[]> =>
  (await store.client.query({ query, format: 'JSONEachRow' })).json();

const HOURLY = `
  SELECT PrincipalId AS principal, UnnamedRunId AS unnamed, Hour AS hour, Assurance AS assurance,
    toUInt32(sum(Actions)) AS actions, toUInt32(sum(Errors)) AS errors, toUInt32(uniqCombinedMerge(12)(Runs)) AS runs,
    toString(min(FirstSeen)) AS first, toString(max(LastSeen)) AS last
  FROM principals_hourly GROUP BY ALL ORDER BY ALL`;

const NOBODY = '00000000-0000-0000-0000-000000000000';

test('what a principal did is counted by the hour, and what names nobody under nobody', async () => {
  const nightly = run();
  const unknown = newRunId();
  await insert(store, 'otel_traces', [
    span(TRACE, S(1), { ...doneIn(nightly), Timestamp: '2026-03-01 03:00:00.000000001' }),
    span(TRACE, S(2), { ...doneIn(nightly), Timestamp: '2026-03-01 03:14:59.9', StatusCode: 'Error' }),
    span(TRACE, S(3), { ...doneIn(nightly), System: 'whence', Operation: 'open' }),
    span(TRACE, S(4), { ...doneIn(nightly), Assurance: 'refuted', Timestamp: '2026-03-01 03:10:00' }),
    span(TRACE, S(5), { ...doneInUnknown(unknown), Timestamp: '2026-03-01 03:10:00' }),
    span(TRACE, S(6), { Timestamp: '2026-03-01 02:10:00' }),
  ]);
  const at = (hour: string, more: object) => ({
    principal: '',
    unnamed: NOBODY,
    hour: `2026-03-01 ${hour}:00:00`,
    actions: 1,
    errors: 0,
    runs: 1,
    ...more,
  });
  expect(await rows(HOURLY)).toEqual([
    at('02', {
      assurance: 'none',
      first: '2026-03-01 02:10:00.000000000',
      last: '2026-03-01 02:10:00.000000000',
    }),
    at('03', {
      assurance: 'refuted',
      first: '2026-03-01 03:10:00.000000000',
      last: '2026-03-01 03:10:00.000000000',
    }),
    at('03', {
      unnamed: unknown,
      assurance: 'verified',
      first: '2026-03-01 03:10:00.000000000',
      last: '2026-03-01 03:10:00.000000000',
    }),
    at('03', {
      principal: nightly.principal.id,
      assurance: 'verified',
      actions: 2,
      errors: 1,
      first: '2026-03-01 03:00:00.000000001',
      last: '2026-03-01 03:14:59.900000000',
    }),
  ]);
});

test('a time after the receipt, or before 1970, does not become an hour that never was', async () => {
  await insert(store, 'otel_traces', [
    span(TRACE, S(1), { Timestamp: '2199-01-01 00:00:00', ReceivedAt: '2026-03-01 03:15:00.000' }),
    span(TRACE, S(2), { Timestamp: '1920-01-01 00:00:00', ReceivedAt: '2026-03-01 03:15:00.000' }),
  ]);
  expect(
    await rows(
      'SELECT Hour AS hour, toString(max(LastSeen)) AS last FROM principals_hourly GROUP BY ALL ORDER BY ALL',
    ),
  ).toEqual([
    { hour: '1970-01-01 00:00:00', last: '1920-01-01 00:00:00.000000000' },
    { hour: '2026-03-01 03:00:00', last: '2026-03-01 03:15:00.000000000' },
  ]);
});

test('spans of many years are one partition, and a batch that is sent twice is counted once', async () => {
  const nightly = run();
  const spans = Array.from({ length: 200 }, (_, index) =>
    span(TRACE, S(index), {
      ...doneIn(nightly),
      Timestamp: `${1910 + index}-06-01 00:00:00`,
      System: 'postgresql',
      Operation: 'UPDATE',
      Target: 'postgresql://db/bank/accounts',
    }),
  );
  for (let time = 0; time < 2; time++) {
    await store.client.insert({
      table: 'otel_traces',
      values: spans,
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplicate: 1, insert_deduplication_token: 'batch', async_insert: 0 },
    });
    await store.client.insert({
      table: 'runs',
      values: [runRow(nightly)],
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplicate: 1, insert_deduplication_token: 'runs', async_insert: 0 },
    });
  }
  const parts =
    "SELECT uniq(partition) AS parts FROM system.parts WHERE active AND table = 'principals_hourly'";
  expect(await rows(parts)).toEqual([{ parts: 1 }]);
  for (const table of ['principals_hourly', 'principals', 'footprints', 'target_totals']) {
    expect([table, await rows(`SELECT sum(Actions) AS actions FROM ${table}`)]).toEqual([
      table,
      [{ actions: 200 }],
    ]);
  }
  expect(await rows('SELECT sum(Started) AS started FROM principal_jobs')).toEqual([{ started: 1 }]);
  expect(await rows('SELECT count() AS runs FROM principal_runs FINAL')).toEqual([{ runs: 1 }]);
});

test('what was done to what is kept for good, by whom and by the collector’s clock', async () => {
  const nightly = run();
  const touched = { System: 'postgresql', Operation: 'UPDATE', Target: 'postgresql://db/bank/accounts' };
  await insert(store, 'otel_traces', [
    span(TRACE, S(1), { ...doneIn(nightly), ...touched, Timestamp: '1999-01-01 00:00:00' }),
    span(TRACE, S(2), { ...doneIn(nightly) }),
    span(TRACE, S(3), { ...touched, Assurance: 'refuted', RunId: nightly.id }),
  ]);
  expect(
    await rows(`SELECT PrincipalId AS principal, Operation AS operation, Target AS target, toUInt32(sum(Actions)) AS actions,
      toString(min(FirstReceived)) AS received FROM footprints GROUP BY ALL ORDER BY ALL`),
  ).toEqual(
    ['', nightly.principal.id].map((principal) => ({
      principal,
      operation: 'UPDATE',
      target: touched.Target,
      actions: 1,
      received: '2026-03-01 03:15:00.000',
    })),
  );
});
