import { randomBytes } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { NO_STORE, startCollector } from './stage/collector-process.ts';
import { drained } from './stage/ledger.ts';
import { exchange } from './stage/post.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

/** The largest body that is taken unless configured otherwise is 64. */
const MEGABYTES = Number(process.env['WHENCE_LARGEST_REQUEST_MEGABYTES'] ?? 8);

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

const lengthOf = (length: number): Buffer =>
  Buffer.from([...[0, 7, 14, 21].map((bits) => ((length >>> bits) & 0x7f) | 0x80), length >>> 28]);

/** Nothing but ids: no request of that size has more spans. */
const smallestSpans = (bytes: number): { body: Buffer; count: number } => {
  const ids = Buffer.from(`121c0a10${'00'.repeat(16)}1208${'00'.repeat(8)}`, 'hex');
  const count = Math.floor((bytes - 20) / ids.length);
  const spans = Buffer.alloc(count * ids.length, ids);
  const random = randomBytes(count * 24);
  for (let i = 0; i < count; i++) {
    random.copy(spans, i * ids.length + 4, i * 24, i * 24 + 16);
    random.copy(spans, i * ids.length + 22, i * 24 + 16, i * 24 + 24);
  }
  const scope = Buffer.concat([Buffer.from([0x12]), lengthOf(spans.length), spans]);
  return { body: Buffer.concat([Buffer.from([0x0a]), lengthOf(scope.length), scope]), count };
};

it(`${MEGABYTES} MB of the smallest spans in one request: one batch, which outlives kill -9, each row with a number of its own`, {
  timeout: 120_000 + MEGABYTES * 5_000,
}, async () => {
  const options = { dataDirectory: temporaryDirectory(), database: store.newDatabase() };
  const collector = await startCollector({ ...options, storeUrl: NO_STORE });
  const { body, count } = smallestSpans(MEGABYTES * 2 ** 20);
  const headers = { 'content-type': 'application/x-protobuf' };
  const { status } = await exchange(`${collector.url}/v1/traces`, { headers, body });
  expect(status).toBe(200);
  await collector.kill();
  const next = await startCollector({ ...options, storeUrl: store.url });
  await drained(next.url);
  const found = await store.rows(
    options.database,
    `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(RowNumber)) AS numbers, min(RowNumber) AS first,
       max(RowNumber) AS last, toUInt32(uniqExact(BatchId)) AS batches FROM otel_traces`,
  );
  expect(found).toEqual([{ rows: count, numbers: count, first: 0, last: count - 1, batches: 1 }]);
});
