import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openTemporaryStore, type TemporaryStore } from '../readers/temporary-store.fixture.ts';
import { applyRetention } from './apply-retention.ts';
import { type Retention, readRetention } from './retention.ts';
import { storedRetention } from './stored-retention.ts';
import { TABLES_OF_TIER } from './tiers.ts';

vi.setConfig({ testTimeout: 180_000 });

let temporary: TemporaryStore;

beforeAll(async () => {
  temporary = await openTemporaryStore();
});
afterAll(() => temporary?.remove());

beforeEach(async () => {
  await apply('forever');
  await temporary.clear();
});

const retentionOf = (text: string): Retention => {
  const read = readRetention(text);
  if (read.status === 'faulty') throw new Error(read.faults.join('; '));
  return read.retention;
};

interface Said {
  readonly level: 'info' | 'warn';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

const apply = async (text: string): Promise<readonly Said[]> => {
  const said: Said[] = [];
  await applyRetention(temporary.store, retentionOf(text), {
    info: (fields, message) => said.push({ level: 'info', fields, message }),
    warn: (fields, message) => said.push({ level: 'warn', fields, message }),
  });
  return said;
};

const rowsOf = async <Row>(query: string): Promise<readonly Row[]> =>
  (await temporary.store.client.query({ query, format: 'JSONEachRow' })).json<Row>();

const command = (query: string) => temporary.store.client.command({ query });

/** Ages of the spans that are there, in days. */
const agesIn = async (table: string, column: string): Promise<readonly number[]> =>
  (
    await rowsOf<{ Age: number }>(
      `SELECT toInt32(round((toUnixTimestamp(now()) - toUnixTimestamp(toDateTime(${column}))) / 86400)) AS Age
       FROM ${table} GROUP BY Age ORDER BY Age`,
    )
  ).map(({ Age }) => Age);

const spanOf = (days: number) => `('default', 't${days}', 's${days}', now64(3) - INTERVAL ${days} DAY)`;

/** Each in an insert, and so in a part, of its own. */
const spansOf = async (...ages: readonly number[]): Promise<void> => {
  for (const days of ages) {
    await command(`INSERT INTO otel_traces (TenantId, TraceId, SpanId, ReceivedAt) VALUES ${spanOf(days)}`);
  }
};

const mutations = async (): Promise<number> =>
  (
    await rowsOf<{ n: number }>(
      'SELECT toUInt32(count()) AS n FROM system.mutations WHERE database = currentDatabase()',
    )
  )[0]!.n;

/** The engine looks for what is due every minute at least. */
const ENOUGH = { timeout: 100_000, interval: 250 };

describe('spans that are older than is set', () => {
  it('go by themselves, those that were there before it was set and those that come later; younger ones stay', async () => {
    await spansOf(200, 100, 20, 1);
    await apply('spans=30d');
    await expect.poll(() => agesIn('otel_traces', 'ReceivedAt'), ENOUGH).toEqual([1, 20]);
    await spansOf(60, 2);
    await expect.poll(() => agesIn('otel_traces', 'ReceivedAt'), ENOUGH).toEqual([1, 2, 20]);
  });

  it('stay as long as a younger one lies in the same part', async () => {
    await command(
      `INSERT INTO otel_traces (TenantId, TraceId, SpanId, ReceivedAt)
       SELECT 'default', toString(number), toString(number), addDays(toMonday(now('UTC') - INTERVAL 10 DAY), number) FROM numbers(7)`,
    );
    await spansOf(300);
    const monday = new Date(Date.now() - 10 * 86_400_000);
    const youngest = 10 - (6 - ((monday.getUTCDay() + 6) % 7));
    await apply(`spans=${youngest + 1}d`);
    await expect
      .poll(() => rowsOf("SELECT toUInt32(count()) AS n FROM otel_traces WHERE SpanId = 's300'"), ENOUGH)
      .toEqual([{ n: 0 }]);
    expect(await rowsOf('SELECT toUInt32(count()) AS n FROM otel_traces')).toEqual([{ n: 7 }]);
  });

  it('take nothing else with them', async () => {
    await command(
      `INSERT INTO runs (TenantId, RunId, PrincipalId, StartedAt, ReceivedAt)
       VALUES ('default', generateUUIDv4(), 'user:ada', now() - INTERVAL 200 DAY, now() - INTERVAL 200 DAY)`,
    );
    await command(
      `INSERT INTO otel_traces (TenantId, TraceId, SpanId, \`Links.TraceId\`, \`Links.SpanId\`, \`Links.TraceState\`, \`Links.Attributes\`,
         PrincipalId, Operation, Target, ReceivedAt, Timestamp)
       VALUES ('default', 't', 's', ['cause'], ['c'], [''], [map()], 'user:ada', 'UPDATE', 'db/t', now() - INTERVAL 200 DAY, now() - INTERVAL 200 DAY)`,
    );
    await apply('spans=30d,runs=400d');
    await expect.poll(() => agesIn('otel_traces', 'ReceivedAt'), ENOUGH).toEqual([]);
    for (const table of ['runs', 'causes', 'principal_runs', 'principals_hourly', 'footprints']) {
      expect(await rowsOf(`SELECT toUInt32(count()) AS n FROM ${table}`), table).toEqual([{ n: 1 }]);
    }
  });

  it('are found no more by any of their ids; the others are', async () => {
    await spansOf(200, 1);
    await apply('spans=30d');
    await expect.poll(() => agesIn('otel_traces', 'ReceivedAt'), ENOUGH).toEqual([1]);
    const byProjection = (id: string) =>
      rowsOf(`SELECT SpanId FROM otel_traces WHERE SpanId = '${id}'
        SETTINGS optimize_use_projection_filtering = 1, min_table_rows_to_use_projection_index = 0`);
    expect(await byProjection('s200')).toEqual([]);
    expect(await byProjection('s1')).toEqual([{ SpanId: 's1' }]);
  });
});

it('what is told by the month goes when all of the month is older', async () => {
  await command(
    `INSERT INTO otel_traces (TenantId, TraceId, SpanId, ReceivedAt)
     VALUES ('default', 't', 's', toStartOfMonth(now()) - INTERVAL 1 DAY), ('default', 't', 's', toStartOfMonth(now()) - INTERVAL 70 DAY)`,
  );
  await apply('activity=31d');
  await expect
    .poll(() => rowsOf('SELECT toUInt32(count()) AS n FROM principals_hourly'), ENOUGH)
    .toEqual([{ n: 1 }]);
});

it('every table of every tier takes a limit, says it, and is without one again', async () => {
  const text = Object.keys(TABLES_OF_TIER)
    .map((tier, index) => `${tier}=${100 + index}d`)
    .join();
  await apply(text);
  const { limits, stored } = storedRetention(temporary.store);
  expect(await limits()).toEqual(retentionOf(text));
  const tables = (await stored()).flatMap((tier) => tier.tables);
  expect(tables.filter(({ days }) => days !== undefined)).toHaveLength(
    Object.values(TABLES_OF_TIER).flat().length,
  );
  expect(tables.filter(({ otherTtl }) => otherTtl !== undefined)).toEqual([]);
  await apply('forever');
  expect(await limits()).toEqual(new Map());
});

describe('a setting that is changed', () => {
  it('the same again changes nothing', async () => {
    await spansOf(10);
    await apply('spans=30d,runs=60d,causes=60d');
    const before = await mutations();
    expect(await apply('spans=30d,runs=60d,causes=60d')).toEqual([]);
    expect(await mutations()).toBe(before);
  });

  it('to less: what goes is said in a warning', async () => {
    await spansOf(200, 100, 20);
    await apply('spans=300d');
    const said = await apply('spans=30d');
    expect(said.map(({ level, fields }) => ({ level, table: fields['table'] }))).toEqual([
      { level: 'warn', table: 'otel_traces' },
      { level: 'info', table: 'attributions' },
    ]);
    expect(said[0]!.fields).toMatchObject({ tier: 'spans', days: 30, before: 300, rows: 2 });
    expect(Date.parse(said[0]!.fields['oldest'] as string)).toBeLessThan(Date.now() - 199 * 86_400_000);
    await expect.poll(() => agesIn('otel_traces', 'ReceivedAt'), ENOUGH).toEqual([20]);
  });

  it('to more: what was not due yet gets its new date', async () => {
    await spansOf(20);
    await apply('spans=30d');
    await apply('spans=400d');
    const goes = async () => {
      const [spans] = await storedRetention(temporary.store).stored();
      return Math.round((Date.parse(spans!.nextGoes!) - Date.now()) / 86_400_000);
    };
    await expect.poll(goes, ENOUGH).toBe(380);
  });

  it('parts that came without a date to go by are given one', async () => {
    await spansOf(200, 1);
    await command(
      `ALTER TABLE otel_traces MODIFY TTL toDateTime(ReceivedAt) + toIntervalDay(30) SETTINGS materialize_ttl_after_modify = 0`,
    );
    const [spans] = await storedRetention(temporary.store).stored();
    expect(spans!.nextGoes).toBeUndefined();
    expect((await apply('spans=30d')).map(({ message }) => message)).toContain(
      'parts without a date to go by are given theirs',
    );
    await expect.poll(() => agesIn('otel_traces', 'ReceivedAt'), ENOUGH).toEqual([1]);
  });
});

it('a TTL that was set by hand is left as it is, and that is said', async () => {
  await command('ALTER TABLE gaps MODIFY TTL toDateTime(DetectedAt) + INTERVAL 9 DAY');
  const said = await apply('spans=30d,runs=60d');
  expect(said.filter(({ level }) => level === 'warn')).toEqual([
    expect.objectContaining({
      fields: expect.objectContaining({ table: 'gaps', ttl: 'toDateTime(DetectedAt) + toIntervalDay(9)' }),
      message: expect.stringContaining('ALTER TABLE gaps REMOVE TTL'),
    }),
  ]);
  const runs = (await storedRetention(temporary.store).stored()).find(({ tier }) => tier === 'runs')!;
  expect(runs.days).toBe(60);
  expect(runs.tables.find(({ table }) => table === 'gaps')).toMatchObject({
    otherTtl: 'toDateTime(DetectedAt) + toIntervalDay(9)',
  });
  await command('ALTER TABLE gaps REMOVE TTL');
});

it('what is there is told by tier: rows, bytes, the oldest, and what goes next', async () => {
  await spansOf(50, 20);
  const spansThere = async () => (await storedRetention(temporary.store).stored())[0]!;
  expect(await spansThere()).toMatchObject({ tier: 'spans', rows: 2, bytes: expect.any(Number) });
  expect(await spansThere()).not.toHaveProperty('nextGoes');
  await apply('spans=60d');
  await expect.poll(async () => (await spansThere()).nextGoes, ENOUGH).toBeDefined();
  const { days, oldest, nextGoes } = await spansThere();
  expect(days).toBe(60);
  expect(Math.round((Date.now() - Date.parse(oldest!)) / 86_400_000)).toBe(50);
  expect(Math.round((Date.parse(nextGoes!) - Date.now()) / 86_400_000)).toBe(10);
});
