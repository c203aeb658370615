import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { metricOf, startCollector } from './stage/collector-process.ts';
import { startCuttingProxy } from './stage/cutting-proxy.ts';
import { eventually } from './stage/eventually.ts';
import { drained, expectLedgerHeld, Ledger, startLoad } from './stage/ledger.ts';
import { newSpans } from './stage/otlp-request.ts';
import { postProtobuf } from './stage/post.ts';
import { residentBytesOf } from './stage/process-memory.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

const startBehindProxy = async (environment: NodeJS.ProcessEnv = {}) => {
  const proxy = await startCuttingProxy(store.url);
  const options = {
    dataDirectory: temporaryDirectory(),
    storeUrl: proxy.url,
    database: store.newDatabase(),
    environment,
  };
  const collector = await startCollector(options);
  const ledger = new Ledger();
  await ledger.send(collector.url, newSpans(3));
  await drained(collector.url);
  return { proxy, options, collector, ledger };
};

const retriesOf = (url: string) => metricOf(url, 'whence_collector_ship_retries_total');

describe('a connection to the store that breaks', () => {
  it('before the answer to an insert: what the store took is not sent again', async () => {
    const { proxy, options, collector, ledger } = await startBehindProxy();
    proxy.mischief = 'cut before the answer';
    const load = startLoad(() => collector.url, ledger, 2);
    await eventually(() => proxy.cuts >= 4);
    await load.stop();
    proxy.mischief = 'none';
    await expectLedgerHeld(ledger, store, options.database, collector.url);
    expect(await retriesOf(collector.url)).toBeGreaterThanOrEqual(4);
  });

  it('inside an insert: what the store did not take is sent again', async () => {
    const { proxy, options, collector, ledger } = await startBehindProxy();
    proxy.mischief = 'cut inside the request';
    const load = startLoad(() => collector.url, ledger, 2);
    await eventually(() => proxy.cuts >= 3);
    await load.stop();
    proxy.mischief = 'none';
    await expectLedgerHeld(ledger, store, options.database, collector.url);
    expect(await retriesOf(collector.url)).toBeGreaterThanOrEqual(3);
  });

  it('by turns before and inside, with the collector killed in between', async () => {
    const { proxy, options, collector: first, ledger } = await startBehindProxy();
    let collector = first;
    for (const mischief of [
      'cut before the answer',
      'cut inside the request',
      'cut before the answer',
    ] as const) {
      proxy.mischief = mischief;
      const cuts = proxy.cuts;
      const load = startLoad(() => collector.url, ledger, 2);
      await eventually(() => proxy.cuts > cuts);
      await collector.kill();
      await load.stop();
      collector = await startCollector(options);
    }
    proxy.mischief = 'none';
    await expectLedgerHeld(ledger, store, options.database, collector.url);
  });
});

describe('a connection to the store that is slow', () => {
  it('an insert that arrives after another collector process has sent the same batch changes nothing', async () => {
    const { proxy, options, collector, ledger } = await startBehindProxy();
    proxy.mischief = 'hold the request';
    expect(await ledger.send(collector.url, newSpans(9))).toBe(200);
    await eventually(() => proxy.held === 1);
    await collector.kill();
    const next = await startCollector({ ...options, storeUrl: store.url });
    await expectLedgerHeld(ledger, store, options.database, next.url);
    expect(await proxy.letGo()).toEqual(['HTTP/1.1 200 OK']);
    await expectLedgerHeld(ledger, store, options.database, next.url);
  });

  it('late answers hold nobody up: senders get their 200, and the rest follows', async () => {
    const { proxy, options, collector, ledger } = await startBehindProxy();
    proxy.answerDelayMillis = 700;
    const load = startLoad(() => collector.url, ledger, 2);
    await pause(300);
    await load.stop();
    expect(ledger.acknowledged.size).toBeGreaterThan(10);
    expect(ledger.refused.size + ledger.unanswered.size).toBe(0);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
    expect(await retriesOf(collector.url)).toBe(0);
  });

  it('a kilobyte a second: 200 until the spool is full, then 503 with Retry-After, in the same memory; all is there once when it is fast again', {
    timeout: 180_000,
  }, async () => {
    const spoolBytes = 192 << 20;
    const { proxy, options, collector, ledger } = await startBehindProxy({
      WHENCE_SPOOL_MAX_BYTES: String(spoolBytes),
    });
    proxy.bytesPerSecond = 1_000;
    const filler = { key: 'filler', value: { stringValue: 'x'.repeat(100_000) } };
    const sendMegabyte = () => ledger.send(collector.url, newSpans(10, { attributes: [filler] }));
    const waiting = () => metricOf(collector.url, 'whence_collector_spool_bytes');
    /** Sends until that much waits, or no more is taken. */
    const fill = async (bytes: number): Promise<number> => {
      let most = 0;
      while ((await sendMegabyte()) === 200 && (await waiting())! < bytes) {
        most = Math.max(most, residentBytesOf(collector.pid));
      }
      return most;
    };
    const before = await fill(spoolBytes / 3);
    expect(ledger.refused.size).toBe(0);
    const after = await fill(Number.POSITIVE_INFINITY);
    expect(await waiting()).toBeGreaterThanOrEqual(spoolBytes);
    expect(after - before).toBeLessThan(spoolBytes / 3);

    for (let i = 0; i < 5; i++) {
      const spans = newSpans(3);
      const { status, headers } = await postProtobuf(collector.url, spans);
      for (const { spanId } of spans) ledger.refused.add(spanId);
      expect({ status, wait: Number(headers['retry-after']) > 0 }).toEqual({ status: 503, wait: true });
      await pause(200);
    }
    expect(residentBytesOf(collector.pid) - before).toBeLessThan(spoolBytes / 3);

    proxy.bytesPerSecond = Number.POSITIVE_INFINITY;
    await eventually(async () => (await ledger.send(collector.url, newSpans(3))) === 200);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
  });
});
