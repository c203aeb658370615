import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type EmbeddedClickHouse, startEmbedded } from '@whence/clickhouse-embedded';
import { newRunId, type Run } from '@whence/model';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Batch, heldRows, insertBatch } from '../batches.ts';
import { migrate, readMigrations } from '../migrations.ts';
import { openStore, type Store } from '../open.ts';
import { startRelay } from '../relay.fixture.ts';
import { columnList, type RowTable } from '../tables/columns.ts';
import { GAPS } from '../tables/gaps.ts';
import { OTEL_TRACES } from '../tables/otel-traces.ts';
import { RUNS } from '../tables/runs.ts';
import { encodeGapRow, type Gap } from './gap-rows.ts';
import { arbitraryRows, encodeRows } from './random-row.fixture.ts';
import type { RowValue } from './row-reader.ts';
import { RowWriter } from './row-writer.ts';
import { decodeRows } from './rows.ts';
import { encodeRunRow } from './run-rows.ts';

let directory: string;
let engine: EmbeddedClickHouse;
let store: Store;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whence-store-'));
  engine = await startEmbedded({ dataDir: join(directory, 'data') });
  store = await openStore({ url: engine.url });
});

afterAll(async () => {
  await store.close();
  await engine.stop();
  await rm(directory, { recursive: true, force: true });
});

const batchOf = (table: RowTable, bytes: Uint8Array, rows: number, id = newRunId()): Batch => ({
  table,
  id,
  rows,
  token: `${id}:${bytes.length}`,
  receivedAtMillis: Date.now(),
  body: () => Readable.from([Buffer.from(bytes)]),
});

/** The table's bytes as the engine gives them, row by row in the order of their numbers. */
const readBack = async (table: RowTable, where: string): Promise<Buffer> => {
  const { stream } = await store.client.exec({
    query: `SELECT ${columnList(table)} FROM ${table.name} WHERE ${where} ORDER BY RowNumber FORMAT RowBinary`,
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

describe.each([OTEL_TRACES, RUNS, GAPS])('table $name', (table) => {
  it('has the columns that rows are written with, of the same types, beside what it works out itself', async () => {
    const result = await store.client.query({ query: `DESCRIBE TABLE ${table.name}`, format: 'JSONEachRow' });
    const described = new Map(
      (await result.json<{ name: string; type: string; default_type: string }>())
        .filter((row) => row.default_type === '')
        .map((row) => [row.name, row.type]),
    );
    expect(Object.fromEntries(table.columns.map(({ name, type }) => [name, type]))).toEqual(
      Object.fromEntries(described),
    );
  });

  it('gives back, byte for byte, what was written', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRows(table), async (rows) => {
        const batchId = newRunId();
        const numbered = rows.map(
          (row, i): Record<string, RowValue> => ({ ...row, BatchId: batchId, RowNumber: i }),
        );
        // One batch is received on one day: the partition.
        const sameDay = numbered.map((row) => ({ ...row, ReceivedAt: numbered[0]!['ReceivedAt']! }));
        const bytes = encodeRows(table, sameDay);
        expect(await insertBatch(store, batchOf(table, bytes, rows.length, batchId))).toEqual({
          status: 'stored',
        });
        const stored = await readBack(table, `BatchId = '${batchId}'`);
        expect(stored.equals(Buffer.from(bytes))).toBe(true);
        expect([...decodeRows(table, stored)].map(({ values }) => values)).toEqual(sameDay);
      }),
      { numRuns: 25 },
    );
  });
});

describe('run records', () => {
  it('are read back whole', async () => {
    const run: Run = {
      id: newRunId(),
      rootId: newRunId(),
      parentId: newRunId(),
      path: [newRunId(), newRunId()],
      job: 'nightly “é”',
      attempt: 3,
      trigger: 'schedule',
      principal: { id: 'k8s://a/b/c', kind: 'scheduler' },
      authority: { kind: 'policy', id: 'policy:x@1' },
      assurance: 'verified',
      actor: 'k8s://a/b/d',
      tenant: 'acme',
      startedAt: '2026-11-22T03:14:07.123Z',
      endedAt: '2026-11-22T03:15:07.456Z',
      outcome: 'failure',
      message: 'x'.repeat(3_000),
    };
    const writer = new RowWriter();
    const batchId = newRunId();
    encodeRunRow(writer, 'ended', run, {
      batchId: Buffer.from(batchId.replaceAll('-', ''), 'hex'),
      rowNumber: 0,
      receivedAtMillis: Date.now(),
    });
    const bytes = writer.copyOut();
    expect(await insertBatch(store, batchOf(RUNS, bytes, 1, batchId))).toEqual({ status: 'stored' });
    expect((await readBack(RUNS, `BatchId = '${batchId}'`)).equals(Buffer.from(bytes))).toBe(true);
  });
});

describe('gap records', () => {
  it('are read back whole', async () => {
    const gap: Gap = {
      table: 'otel_traces',
      batchId: newRunId(),
      reason: 'damaged',
      rows: 5_000_000_000,
      bytes: 2 ** 40 + 1,
      message: 'why',
      collector: 'host',
      detectedAtMillis: 1_790_000_000_123,
    };
    const writer = new RowWriter();
    const batchId = newRunId();
    encodeGapRow(writer, gap, {
      batchId: Buffer.from(batchId.replaceAll('-', ''), 'hex'),
      rowNumber: 3,
      receivedAtMillis: Date.now(),
    });
    const [row] = decodeRows(GAPS, writer.written());
    expect(row?.values).toMatchObject({
      LostTable: gap.table,
      LostBatchId: gap.batchId,
      Reason: gap.reason,
      LostRows: BigInt(gap.rows),
      LostBytes: BigInt(gap.bytes),
      Message: gap.message,
      Collector: gap.collector,
      DetectedAt: BigInt(gap.detectedAtMillis),
      BatchId: batchId,
      RowNumber: 3,
    });
    const bytes = writer.copyOut();
    expect(await insertBatch(store, batchOf(GAPS, bytes, 1, batchId))).toEqual({ status: 'stored' });
    expect((await readBack(GAPS, `BatchId = '${batchId}'`)).equals(Buffer.from(bytes))).toBe(true);
  });
});

describe('batches', () => {
  const rowsOf = (count: number, batchId: string, receivedAt = Date.now()): Uint8Array => {
    const [row] = fc.sample(arbitraryRows(RUNS), { numRuns: 1, seed: 42 })[0]!;
    return encodeRows(
      RUNS,
      Array.from({ length: count }, (_, i) => ({
        ...row!,
        BatchId: batchId,
        RowNumber: i,
        ReceivedAt: BigInt(receivedAt),
      })),
    );
  };

  it('are stored once, however often they are sent', async () => {
    const id = newRunId();
    const batch = batchOf(RUNS, rowsOf(100, id), 100, id);
    for (let i = 0; i < 3; i++) expect(await insertBatch(store, batch)).toEqual({ status: 'stored' });
    const result = await store.client.query({
      query: 'SELECT count() AS rows FROM runs WHERE BatchId = {id:UUID}',
      query_params: { id },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ rows: expect.toSatisfy((rows) => Number(rows) === 100) }]);
    expect([...(await heldRows(store, batch)).keys()].sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
  });

  it('are told from each other by the CRC-32 of each row, as it was sent', async () => {
    const id = newRunId();
    const bytes = rowsOf(3, id);
    await insertBatch(store, batchOf(RUNS, bytes, 3, id));
    const sent = [...decodeRows(RUNS, bytes)].map(
      ({ start, end, values }) => [values['RowNumber'], [crc32(bytes.subarray(start, end))]] as const,
    );
    const held = await heldRows(store, batchOf(RUNS, bytes, 3, id));
    expect([...held].sort(([a], [b]) => a - b)).toEqual(sent);
  });

  it('are none when the store never had them', async () => {
    expect((await heldRows(store, batchOf(RUNS, new Uint8Array(0), 1))).size).toBe(0);
  });

  it('that are no rows are refused', async () => {
    const bytes = rowsOf(2, newRunId());
    const cut = bytes.subarray(0, bytes.length - 3);
    expect(await insertBatch(store, batchOf(RUNS, cut, 2))).toMatchObject({ status: 'refused' });
  });

  it('for a store that is away are uncertain', async () => {
    const relay = await startRelay(engine.url);
    const gone = await openStore({ url: relay.url });
    await relay.end();
    const outcome = await insertBatch(gone, batchOf(RUNS, rowsOf(1, newRunId()), 1));
    expect(outcome).toMatchObject({ status: 'uncertain', error: { code: 'store_unavailable' } });
    await gone.close();
  });
});

describe('migrations', () => {
  it('are numbered from 1 without a gap', () => {
    expect(readMigrations().map(({ version }) => version)).toEqual(readMigrations().map((_, i) => i + 1));
  });

  it('can run again, and two at a time', async () => {
    await Promise.all([migrate(store.client), migrate(store.client)]);
    const database = `again_${process.pid}`;
    const opened = await Promise.all([1, 2].map(() => openStore({ url: engine.url, database })));
    await Promise.all(opened.map((one) => one.close()));
  });

  it('refuse a database of a newer version', async () => {
    const newer = await openStore({ url: engine.url, database: 'newer' });
    await newer.client.insert({
      table: 'schema_migrations',
      values: [{ Version: 9_999, Name: 'future' }],
      columns: ['Version', 'Name'],
      format: 'JSONEachRow',
    });
    await newer.close();
    await expect(openStore({ url: engine.url, database: 'newer' })).rejects.toMatchObject({
      code: 'schema_mismatch',
    });
  });

  it('say where the store is away', async () => {
    await expect(openStore({ url: 'http://127.0.0.1:9' })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('127.0.0.1:9'),
    });
  });
});
