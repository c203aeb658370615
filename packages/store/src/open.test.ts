import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type EmbeddedClickHouse, startEmbedded } from '@whence/clickhouse-embedded';
import { newRunId } from '@whence/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertBatch } from './batches.ts';
import { openStore } from './open.ts';
import { startRelay } from './relay.fixture.ts';
import { RUNS } from './tables/runs.ts';

let directory: string;
let engine: EmbeddedClickHouse;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whence-open-'));
  engine = await startEmbedded({ dataDir: join(directory, 'data') });
});

afterAll(async () => {
  await engine.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Nothing listens there: port 9 needs privileges. */
const NOBODY = 'http://127.0.0.1:9';
const one = async (client: { query: (request: { query: string }) => Promise<{ text(): Promise<string> }> }) =>
  (await (await client.query({ query: 'SELECT 1' })).text()).length > 0;

describe('several addresses', () => {
  it('the first that answers is used', async () => {
    const store = await openStore({ url: `${NOBODY}, ${engine.url}` });
    expect(store.url).toBe(engine.url);
    expect(await store.ping()).toBe(true);
    await store.close();
  });

  it('what may be asked again is asked of the next one when that breaks', async () => {
    const relay = await startRelay(engine.url);
    const store = await openStore({ url: `${relay.url},${engine.url}` });
    expect(store.url).toBe(relay.url);
    await relay.end();
    expect(await Promise.all([store.ask(one), store.ask(one), store.ask(one)])).toEqual([true, true, true]);
    expect(store.url).toBe(engine.url);
    await store.close();
  });

  it('an insert is not: its outcome is uncertain, and what comes next goes to the next one', async () => {
    const relay = await startRelay(engine.url);
    const store = await openStore({ url: `${relay.url},${engine.url}` });
    await relay.end();
    const batch = {
      table: RUNS,
      id: newRunId(),
      rows: 1,
      token: 'x',
      receivedAtMillis: 0,
      body: () => Readable.from([]),
    };
    expect(await insertBatch(store, batch)).toMatchObject({
      status: 'uncertain',
      error: { code: 'store_unavailable', message: expect.stringContaining(relay.url) },
    });
    expect(store.url).toBe(engine.url);
    await store.close();
  });

  it('when none answers, the last one is told of, and each is tried again the next time', async () => {
    const relays = await Promise.all([startRelay(engine.url), startRelay(engine.url)]);
    const store = await openStore({ url: relays.map(({ url }) => url).join() });
    await Promise.all(relays.map((relay) => relay.end()));
    await expect(store.ask(one)).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(store.ask(one)).rejects.toMatchObject({ code: 'store_unavailable' });
    await store.close();
  });
});

describe('the tables', () => {
  it('are synced before an insert is answered, all of them', async () => {
    const store = await openStore({ url: engine.url });
    const result = await store.client.query({
      query: `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree%'
        AND NOT (create_table_query LIKE '%fsync_after_insert = 1%' AND create_table_query LIKE '%fsync_part_directory = 1%')`,
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([]);
    await store.close();
  });
});

describe('what cannot be used', () => {
  const pem = async (text: string): Promise<string> => {
    const path = join(directory, `${newRunId()}.pem`);
    await writeFile(path, text);
    return path;
  };

  it.each([
    ['an address', { url: 'nowhere' }],
    ['one of several addresses', { url: `${NOBODY},ftp://127.0.0.1` }],
    ['a database name', { url: NOBODY, database: 'a;b' }],
    ['a file that is not there', { url: NOBODY, tls: { ca: '/nowhere/ca.pem' } }],
    ['a certificate without its key', { url: NOBODY, tls: { cert: '/nowhere/cert.pem' } }],
  ])('%s is said at once', async (_what, options) => {
    await expect(openStore(options)).rejects.toMatchObject({ code: 'options_invalid' });
  });

  it('a file that is no certificate is said at once', async () => {
    const path = await pem('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    await expect(openStore({ url: NOBODY, tls: { cert: path, key: path } })).rejects.toMatchObject({
      code: 'options_invalid',
      message: expect.stringContaining(path),
    });
  });
});
