import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type CollectorProcess, collectorThatEnds, startCollector } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { newSpans } from './stage/otlp-request.ts';
import { postProtobuf } from './stage/post.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

vi.setConfig({ testTimeout: 180_000 });

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

/** The engine looks for what is due every minute at least. */
const AS_IT_GETS_TO_IT = { withinMillis: 100_000 };

const OLD = '2026-01-05 03:14:07';

const statement = async (database: string, sql: string): Promise<void> => {
  const response = await fetch(`${store.url}/?${new URLSearchParams({ database })}`, {
    method: 'POST',
    body: sql,
  });
  if (!response.ok) throw new Error(await response.text());
};

/** As a collector would have written it long ago, in a year that is past whenever this runs. */
const insertOld = (database: string, spanId: string): Promise<void> =>
  statement(
    database,
    `INSERT INTO otel_traces (TenantId, TraceId, SpanId, Timestamp, ReceivedAt)
     VALUES ('default', '${spanId}', '${spanId}', '${OLD}' - INTERVAL 1 YEAR, '${OLD}' - INTERVAL 1 YEAR)`,
  );

const start = (database: string, retention: string, dataDirectory?: string): Promise<CollectorProcess> =>
  startCollector({
    storeUrl: store.url,
    database,
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
    environment: retention === '' ? {} : { WHENCE_RETENTION: retention },
  });

const oldSpans = async (database: string): Promise<number> =>
  (await store.rows(database, `SELECT 1 FROM otel_traces WHERE ReceivedAt <= '${OLD}'`)).length;

const allSpans = async (database: string): Promise<number> =>
  (await store.rows(database, `SELECT 1 FROM otel_traces`)).length;

const ttlOf = async (database: string, table: string): Promise<string> => {
  const [made] = await store.rows<{ engine_full: string }>(
    database,
    `SELECT engine_full FROM system.tables WHERE database = '${database}' AND name = '${table}'`,
  );
  return / TTL (.*) SETTINGS/.exec(made?.engine_full ?? '')?.[1] ?? '';
};

/** When each table was last altered, and how often. */
const altered = (database: string) =>
  store.rows<object>(
    database,
    `SELECT name, toString(metadata_modification_time) AS at,
       (SELECT count() FROM system.mutations WHERE database = '${database}') AS mutations
     FROM system.tables WHERE database = '${database}' AND engine LIKE '%MergeTree' ORDER BY name`,
  );

const inForce = (collector: CollectorProcess): Promise<true> =>
  eventually(() => collector.printed().includes('retention is in force'));

describe('a collector that is told how long to keep what', () => {
  it('has the store drop what is older; what comes stays; and tells the store nothing twice', async () => {
    const database = store.newDatabase();
    const unset = await start(database, '');
    expect((await postProtobuf(unset.url, newSpans(3))).status).toBe(200);
    await eventually(async () => (await allSpans(database)) === 3);
    await insertOld(database, 'aaaa');
    await unset.stop();
    expect([await oldSpans(database), await ttlOf(database, 'otel_traces')]).toEqual([1, '']);

    const set = await start(database, 'spans=30d,runs=400d,causes=400d', unset.dataDirectory);
    await inForce(set);
    expect(set.printed()).toContain('what is older is deleted now');
    expect(await ttlOf(database, 'runs')).toBe('toDateTime(ReceivedAt) + toIntervalDay(400)');
    await eventually(async () => (await oldSpans(database)) === 0, AS_IT_GETS_TO_IT);
    expect(await allSpans(database)).toBe(3);
    await set.stop();

    const before = await altered(database);
    const again = await start(database, 'spans=30d,runs=400d,causes=400d', unset.dataDirectory);
    await inForce(again);
    await again.stop();
    expect(await altered(database)).toEqual(before);
  });

  it('leaves it as it is where it is no longer told, and lifts it where it is', async () => {
    const database = store.newDatabase();
    const set = await start(database, 'spans=30d');
    await inForce(set);
    await set.stop();

    const unset = await start(database, '', set.dataDirectory);
    await eventually(() => unset.printed().includes('retention is not set here'));
    expect(await ttlOf(database, 'otel_traces')).toBe('toDateTime(ReceivedAt) + toIntervalDay(30)');
    await unset.stop();

    const forever = await start(database, 'forever', set.dataDirectory);
    await inForce(forever);
    expect(await ttlOf(database, 'otel_traces')).toBe('');
    await insertOld(database, 'bbbb');
    expect(await oldSpans(database)).toBe(1);
    await forever.stop();
  });

  it('what it was told holds after the store is killed, without a collector', async () => {
    const database = store.newDatabase();
    const set = await start(database, 'spans=30d');
    await inForce(set);
    await set.stop();
    await store.kill();
    await store.restart();
    await insertOld(database, 'cccc');
    await eventually(async () => (await oldSpans(database)) === 0, AS_IT_GETS_TO_IT);
  });

  it('refuses to start where runs would go sooner than spans, and says what to do', async () => {
    const { code, stderr } = await collectorThatEnds({
      environment: { WHENCE_RETENTION: 'spans=90d,runs=30d,causes=90d' },
    });
    expect(code).not.toBe(0);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('WHENCE_RETENTION: runs would go after 30 days, sooner than spans (90)');
    expect(stderr).toContain('Set runs=90d or more, or spans=30d or less');
  });
});
