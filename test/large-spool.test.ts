import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { beforeAll, expect, it } from 'vitest';
import { metricOf, startCollector, storeOpen } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { heldSpans, Ledger } from './stage/ledger.ts';
import { newSpan, newSpanId, newSpans, protobufOf, requestWith } from './stage/otlp-request.ts';
import { exchange } from './stage/post.ts';
import { peakResidentBytesOf } from './stage/process-memory.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

/** More for a long run: WHENCE_SPOOL_TEST_MEGABYTES=10000. */
const MEGABYTES = Number(process.env['WHENCE_SPOOL_TEST_MEGABYTES'] ?? 500);
const SPAN_MEGABYTES = 1;
const SPANS_PER_REQUEST = 20;
const READY_WITHIN_MILLIS = 5_000 + MEGABYTES * 20;
const RSS_MAX_BYTES = 400 << 20;

const { bavail, bsize } = statfsSync(tmpdir());
const tooLittleRoom = bavail * bsize < MEGABYTES * 3e6;
if (tooLittleRoom) console.warn(`skipped: no room for a spool of ${MEGABYTES} MB in ${tmpdir()}`);

let store: StoreProcess;
beforeAll(async () => {
  if (!tooLittleRoom) store = await startStore();
});

it.skipIf(tooLittleRoom)(
  `a start on a spool of ${MEGABYTES} MB: ready in time, in bounded memory, accepting while it delivers`,
  { timeout: 60_000 + MEGABYTES * 100 },
  async () => {
    const away = {
      dataDirectory: temporaryDirectory(),
      database: store.newDatabase(),
      environment: { WHENCE_SPOOL_MAX_BYTES: String(2 ** 40), WHENCE_SHUTDOWN_GRACE_MILLIS: '0' },
    };
    const first = await startCollector(away);
    const ledger = new Ledger();
    const filler = { key: 'filler', value: { stringValue: 'x'.repeat(SPAN_MEGABYTES * 1_000_000) } };
    const spans = Array.from({ length: SPANS_PER_REQUEST }, () => newSpan({ attributes: [filler] }));
    const body = Buffer.from(protobufOf(requestWith(spans)));
    // The same request under other ids: to encode it each time would take longer than all else.
    const idsAt = spans.map(({ spanId }) => body.indexOf(spanId, 'hex'));
    for (let sent = 0; sent < MEGABYTES; sent += SPANS_PER_REQUEST * SPAN_MEGABYTES) {
      for (const at of idsAt) {
        const spanId = newSpanId();
        body.write(spanId, at, 'hex');
        ledger.acknowledged.add(spanId);
      }
      const headers = { 'content-type': 'application/x-protobuf' };
      expect((await exchange(`${first.url}/v1/traces`, { headers, body })).status).toBe(200);
    }
    await first.kill();

    const began = performance.now();
    const next = await startCollector({ ...away, storeUrl: store.url });
    expect(performance.now() - began).toBeLessThan(READY_WITHIN_MILLIS);
    expect(peakResidentBytesOf(next.pid)).toBeLessThan(RSS_MAX_BYTES);

    await storeOpen(next.url);
    await eventually(
      async () => ((await metricOf(next.url, 'whence_collector_rows_shipped_total')) ?? 0) > 100,
    );
    expect(await ledger.send(next.url, newSpans(3))).toBe(200);
    expect(peakResidentBytesOf(next.pid)).toBeLessThan(RSS_MAX_BYTES);
    // The delivery of the rest is other tests' matter; what has come must be what was acknowledged, once.
    await next.stop();
    const held = await heldSpans(store, away.database);
    expect(held.size).toBeGreaterThan(100);
    expect([...held].filter(([id, count]) => count !== 1 || !ledger.acknowledged.has(id))).toEqual([]);
  },
);
