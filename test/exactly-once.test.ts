import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type Batch, decodeRows, insertBatch, OTEL_TRACES, openStore } from '@whence/store';
import { beforeAll, describe, expect, it } from 'vitest';
import { metricOf, NO_STORE, startCollector } from './stage/collector-process.ts';
import { startCuttingProxy } from './stage/cutting-proxy.ts';
import { eventually } from './stage/eventually.ts';
import { drained, expectLedgerHeld, heldSpans, Ledger, startLoad } from './stage/ledger.ts';
import { newSpans } from './stage/otlp-request.ts';
import { startRefusingProxy } from './stage/refusing-proxy.ts';
import { SpoolFiles } from './stage/spool-files.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

const SPANS = 40;

/** A batch that lies in the spool of a collector that was killed, as bytes. */
interface LeftBatch {
  readonly options: { readonly dataDirectory: string; readonly storeUrl: string; readonly database: string };
  readonly ledger: Ledger;
  readonly batch: Batch;
  readonly bytes: Buffer;
}

const leftIn = (dataDirectory: string): Pick<LeftBatch, 'batch' | 'bytes'> => {
  const [id, ...more] = new SpoolFiles(dataDirectory).segments();
  expect(more).toEqual([]);
  const bytes = readFileSync(join(dataDirectory, 'spool', 'otel_traces', `${id}.rowbinary`));
  const [row] = decodeRows(OTEL_TRACES, bytes);
  return { bytes, batch: batchOf(id!, bytes, Number(row!.values['ReceivedAt'])) };
};

const batchOf = (id: string, bytes: Uint8Array, receivedAtMillis: number): Batch => ({
  table: OTEL_TRACES,
  id,
  rows: [...decodeRows(OTEL_TRACES, bytes)].length,
  token: `another ${Math.random()}`,
  receivedAtMillis,
  body: () => Readable.from([bytes]),
});

/** The store has never heard of the batch. */
const leaveUnsent = async (): Promise<LeftBatch> => {
  const options = {
    dataDirectory: temporaryDirectory(),
    storeUrl: store.url,
    database: store.newDatabase(),
  };
  const collector = await startCollector({ ...options, storeUrl: NO_STORE });
  const ledger = new Ledger();
  expect(await ledger.send(collector.url, newSpans(SPANS))).toBe(200);
  await collector.kill();
  return { options, ledger, ...leftIn(options.dataDirectory) };
};

/** The store has the batch, and the collector was killed before it heard of it. */
const leaveUnanswered = async (): Promise<LeftBatch> => {
  const proxy = await startCuttingProxy(store.url);
  const database = store.newDatabase();
  const options = { dataDirectory: temporaryDirectory(), storeUrl: store.url, database };
  const collector = await startCollector({ ...options, storeUrl: proxy.url });
  await eventually(
    async () => (await store.rows(database, 'SELECT 1 FROM otel_traces WHERE 0')) !== undefined,
  );
  proxy.mischief = 'cut before the answer';
  const ledger = new Ledger();
  expect(await ledger.send(collector.url, newSpans(SPANS))).toBe(200);
  await eventually(() => proxy.cuts > 0);
  await collector.kill();
  const left = leftIn(options.dataDirectory);
  expect((await heldSpans(store, database)).size).toBe(SPANS);
  return { options, ledger, ...left };
};

const insert = async (database: string, batch: Batch): Promise<void> => {
  const opened = await openStore({ url: store.url, database });
  expect(await insertBatch(opened, batch)).toEqual({ status: 'stored' });
  await opened.close();
};

/** Shows that the token alone would have let the batch in a second time. */
const expectTokenForgotten = async (left: LeftBatch): Promise<void> => {
  const { batch, bytes } = left;
  const token = `${batch.id}:${batch.rows}:${bytes.length}:${crc32(bytes).toString(16)}`;
  await insert(left.options.database, { ...batch, token });
  const held = await heldSpans(store, left.options.database);
  expect([...left.ledger.acknowledged].filter((id) => held.get(id) === 2)).toHaveLength(SPANS);
};

describe('a batch that the store took without the collector hearing of it', () => {
  it('and whose token it has forgotten over other inserts is not sent again', async () => {
    const left = await leaveUnanswered();
    const { options, ledger } = left;
    await store.bytes(
      options.database,
      'ALTER TABLE otel_traces MODIFY SETTING non_replicated_deduplication_window = 3',
    );
    const foreign = new Ledger();
    const other = await startCollector({ storeUrl: store.url, database: options.database });
    for (let i = 0; i < 6; i++) {
      expect(await foreign.send(other.url, newSpans(1))).toBe(200);
      await drained(other.url);
    }
    const collector = await startCollector(options);
    for (const id of foreign.acknowledged) ledger.acknowledged.add(id);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
    for (const id of foreign.acknowledged) ledger.acknowledged.delete(id);
    await expectTokenForgotten(left);
  });

  it('and whose log of tokens it has lost is not sent again', async () => {
    const left = await leaveUnanswered();
    await store.kill();
    const logs = readdirSync(store.dataDirectory, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('/deduplication_logs'),
    );
    expect(logs.length).toBeGreaterThan(0);
    // The same table is found under its id and under its name.
    for (const path of logs) rmSync(join(store.dataDirectory, path), { recursive: true, force: true });
    await store.restart();
    const collector = await startCollector(left.options);
    await expectLedgerHeld(left.ledger, store, left.options.database, collector.url);
    await expectTokenForgotten(left);
  });
});

describe('a batch of which the store', () => {
  it('has a part gets the rest, and no row twice', async () => {
    const { options, ledger, batch, bytes } = await leaveUnsent();
    const some = [...decodeRows(OTEL_TRACES, bytes)].filter((_row, i) => i % 3 === 0);
    const part = Buffer.concat(some.map(({ start, end }) => bytes.subarray(start, end)));
    await insert(options.database, batchOf(batch.id, part, batch.receivedAtMillis));
    expect((await heldSpans(store, options.database)).size).toBe(some.length);
    const collector = await startCollector(options);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
    expect(await metricOf(collector.url, 'whence_collector_batches_repaired_total')).toBe(1);
    expect(await metricOf(collector.url, 'whence_collector_batches_in_conflict_total')).toBe(0);
  });

  it('has other rows under the same id is stored beside them, and that is told', async () => {
    const { options, ledger, batch, bytes } = await leaveUnsent();
    const forged = Buffer.from(bytes);
    const service = Buffer.from('test-service');
    for (let at = forged.indexOf(service); at >= 0; at = forged.indexOf(service, at)) forged.write('f', at);
    await insert(options.database, batchOf(batch.id, forged, batch.receivedAtMillis));
    const collector = await startCollector(options);
    await drained(collector.url);
    const rows = await store.rows<{ SpanId: string }>(
      options.database,
      "SELECT SpanId FROM otel_traces WHERE ServiceName = 'test-service'",
    );
    expect(rows.map(({ SpanId }) => SpanId).sort()).toEqual([...ledger.acknowledged].sort());
    expect(await metricOf(collector.url, 'whence_collector_batches_in_conflict_total')).toBe(1);
    expect(collector.printed()).toContain('under the id of a batch the store has other rows');
  });

  it('has every row twice is not sent again, and that is told', async () => {
    const { options, batch, bytes } = await leaveUnsent();
    for (let i = 0; i < 2; i++) {
      await insert(options.database, batchOf(batch.id, bytes, batch.receivedAtMillis));
    }
    const collector = await startCollector(options);
    await drained(collector.url);
    const held = await heldSpans(store, options.database);
    expect([...held.values()]).toEqual(Array(SPANS).fill(2));
    expect(collector.printed()).toContain('under the id of a batch the store has rows twice');
  });
});

describe('a store that refuses', () => {
  it.each([
    { code: 252, name: 'TOO_MANY_PARTS' },
    { code: 241, name: 'MEMORY_LIMIT_EXCEEDED' },
    { code: 164, name: 'READONLY' },
    { code: 242, name: 'TABLE_IS_READ_ONLY' },
    { code: 243, name: 'NOT_ENOUGH_SPACE' },
    { code: 202, name: 'TOO_MANY_SIMULTANEOUS_QUERIES', status: 503 },
    { code: 516, name: 'AUTHENTICATION_FAILED', status: 403 },
    { code: 12_345, name: 'NEVER_HEARD_OF' },
  ])(
    'for now ($name): nothing is dropped, and when it takes them every span is there once',
    async (refusal) => {
      const proxy = await startRefusingProxy(store.url);
      const database = store.newDatabase();
      const collector = await startCollector({ storeUrl: proxy.url, database });
      const ledger = new Ledger();
      proxy.refusal = refusal;
      for (let i = 0; i < 3; i++) expect(await ledger.send(collector.url, newSpans(5))).toBe(200);
      await eventually(() => proxy.refused >= 2);
      expect((await heldSpans(store, database)).size).toBe(0);
      proxy.refusal = undefined;
      await expectLedgerHeld(ledger, store, database, collector.url);
      expect(await metricOf(collector.url, 'whence_collector_batches_set_aside_total')).toBe(0);
    },
  );

  it('some rows for good: they are set aside, counted and told; all others are there once', async () => {
    const proxy = await startRefusingProxy(store.url);
    const database = store.newDatabase();
    const collector = await startCollector({ storeUrl: proxy.url, database });
    const ledger = new Ledger();
    const poison = newSpans(2, { name: 'poison' });
    proxy.refusal = { code: 117, name: 'INCORRECT_DATA', status: 400, bodyHolds: 'poison' };
    const healthy = newSpans(98);
    await ledger.send(collector.url, [
      ...healthy.slice(0, 30),
      poison[0]!,
      ...healthy.slice(30, 77),
      poison[1]!,
      ...healthy.slice(77),
    ]);
    await ledger.send(collector.url, newSpans(5));
    for (const { spanId } of poison) {
      ledger.acknowledged.delete(spanId);
      ledger.refused.add(spanId);
    }
    await expectLedgerHeld(ledger, store, database, collector.url);
    expect(await metricOf(collector.url, 'whence_collector_batches_set_aside_total')).toBe(1);
    expect(await metricOf(collector.url, 'whence_collector_rows_set_aside_total')).toBe(2);
    expect(collector.printed()).toMatch(
      /"numbers":\[30,78\].*rows that the store will never take are set aside/,
    );
    const gaps = await eventually(async () => {
      const found = await store.rows(database, 'SELECT Reason, toUInt32(LostRows) AS lost FROM gaps');
      return found.length > 0 && found;
    });
    expect(gaps).toEqual([{ Reason: 'refused', lost: 2 }]);
    const kept = join(collector.dataDirectory, 'spool', 'otel_traces', 'refused');
    expect(readdirSync(kept).filter((file) => file.endsWith('.rowbinary'))).toHaveLength(1);
  });
});

describe('several addresses of a store', () => {
  it('while one cuts inserts, the other is asked what it holds, and gets the rest: every span is there once', async () => {
    const first = await startCuttingProxy(store.url);
    const second = await startCuttingProxy(store.url);
    const database = store.newDatabase();
    const collector = await startCollector({ storeUrl: `${first.url},${second.url}`, database });
    const ledger = new Ledger();
    const load = startLoad(() => collector.url, ledger, 2);
    await eventually(async () => (await heldSpans(store, database)).size > 0);
    for (const one of [first, second]) {
      const { cuts } = one;
      one.mischief = 'cut before the answer';
      await eventually(() => one.cuts > cuts);
      const before = (await heldSpans(store, database)).size;
      await eventually(async () => (await heldSpans(store, database)).size > before + 20);
      one.mischief = 'none';
    }
    await load.stop();
    await expectLedgerHeld(ledger, store, database, collector.url);
  });
});

describe('midnight (UTC)', () => {
  it('in the middle of a job whose inserts are cut: every span is there once, on the day of its batch', async () => {
    const proxy = await startCuttingProxy(store.url);
    const database = store.newDatabase();
    // The collector's clock is six seconds before the end of the day.
    const shift = 86_400_000 - (Date.now() % 86_400_000) - 6_000;
    const clock = `const now=Date.now;Date.now=()=>now()+${shift}`;
    const environment = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clock)}` };
    const options = { dataDirectory: temporaryDirectory(), storeUrl: proxy.url, database, environment };
    let collector = await startCollector(options);
    const ledger = new Ledger();
    const load = startLoad(() => collector.url, ledger, 2);
    await eventually(async () => (await heldSpans(store, database)).size > 0);
    proxy.mischief = 'cut before the answer';
    await pause(7_000);
    await collector.kill();
    collector = await startCollector(options);
    await pause(500);
    await load.stop();
    proxy.mischief = 'none';
    await expectLedgerHeld(ledger, store, database, collector.url);
    const days = await store.rows<{ day: string; batches: number }>(
      database,
      'SELECT toString(toDate(ReceivedAt)) AS day, toUInt32(uniqExact(BatchId)) AS batches FROM otel_traces GROUP BY day',
    );
    expect(days).toHaveLength(2);
    const [{ batches } = { batches: 0 }] = await store.rows<{ batches: number }>(
      database,
      'SELECT toUInt32(uniqExact(BatchId)) AS batches FROM otel_traces',
    );
    expect(days.reduce((sum, day) => sum + day.batches, 0)).toBe(batches);
  });
});
