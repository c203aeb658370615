import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { metricOf, startCollector, storeOpen } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { expectLedgerHeld, heldSpans, Ledger, startLoad } from './stage/ledger.ts';
import { newSpans } from './stage/otlp-request.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

const GRACE_MILLIS = 1_500;
/** To end what is under way, then to send what is left, and a busy machine. */
const EXIT_WITHIN_MILLIS = 2 * GRACE_MILLIS + 2_500;

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

const newOptions = (storeUrl?: string) => ({
  dataDirectory: temporaryDirectory(),
  database: store.newDatabase(),
  ...(storeUrl === undefined ? {} : { storeUrl }),
  environment: { WHENCE_SHUTDOWN_GRACE_MILLIS: String(GRACE_MILLIS) },
});

const timed = async (work: Promise<unknown>): Promise<number> => {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
};

describe('SIGTERM', () => {
  it('under load: each request is acknowledged and durable, or not answered; all is delivered', async () => {
    const options = { ...newOptions(store.url), environment: { WHENCE_SHUTDOWN_GRACE_MILLIS: '30000' } };
    const ledger = new Ledger();
    for (let round = 0; round < 3; round++) {
      const collector = await startCollector(options);
      const load = startLoad(() => collector.url, ledger);
      await pause(100 + Math.random() * 300);
      // Long before its grace is over: senders on connections that are kept do not hold it up.
      expect(await timed(collector.stop())).toBeLessThan(15_000);
      expect(await collector.ended).toMatchObject({ code: 0, signal: null });
      await load.stop();
    }
    const collector = await startCollector(options);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
    expect(ledger.acknowledged.size).toBeGreaterThan(0);
  });

  it('sends what is in the spool before it ends', async () => {
    const options = newOptions(store.url);
    const slow = {
      ...options,
      environment: { ...options.environment, WHENCE_SEGMENT_MAX_AGE_MILLIS: '60000' },
    };
    const collector = await startCollector(slow);
    await storeOpen(collector.url);
    const ledger = new Ledger();
    expect(await ledger.send(collector.url, newSpans(5))).toBe(200);
    expect(await metricOf(collector.url, 'whence_collector_rows_shipped_total')).toBe(0);
    expect((await collector.stop()).code).toBe(0);
    expect(new Set((await heldSpans(store, options.database)).keys())).toEqual(ledger.acknowledged);
  });

  it('with a full spool and a store that is away: ends in time, and the next start delivers', async () => {
    const options = newOptions();
    const collector = await startCollector(options);
    const ledger = new Ledger();
    for (let i = 0; i < 10; i++) await ledger.send(collector.url, newSpans(20));
    expect(await timed(collector.stop())).toBeLessThan(EXIT_WITHIN_MILLIS);
    expect((await collector.ended).code).toBe(0);
    const next = await startCollector({ ...options, storeUrl: store.url });
    await expectLedgerHeld(ledger, store, options.database, next.url);
    expect(ledger.acknowledged.size).toBe(200);
  });

  it('while the store is frozen in the middle of an insert: ends in time, and the next start delivers once', async () => {
    const options = newOptions(store.url);
    const collector = await startCollector(options);
    const ledger = new Ledger();
    await ledger.send(collector.url, newSpans(1));
    await eventually(async () => (await heldSpans(store, options.database)).size === 1);
    store.freeze();
    const millis = await (async () => {
      expect(await ledger.send(collector.url, newSpans(20))).toBe(200);
      await pause(500);
      return timed(collector.stop());
    })().finally(store.thaw);
    expect((await collector.ended).code).toBe(0);
    expect(millis).toBeLessThan(EXIT_WITHIN_MILLIS);
    const next = await startCollector(options);
    await expectLedgerHeld(ledger, store, options.database, next.url);
  });

  it('while it waits for a store that is frozen at its start: ends in time', async () => {
    store.freeze();
    const millis = await (async () => {
      const collector = await startCollector(newOptions(store.url));
      await pause(300);
      return timed(collector.stop());
    })().finally(store.thaw);
    expect(millis).toBeLessThan(EXIT_WITHIN_MILLIS);
  });

  it('with a sender that never finishes its request: ends in time', async () => {
    const collector = await startCollector(newOptions(store.url));
    const endless = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
    });
    const request = fetch(`${collector.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: endless,
      duplex: 'half',
    } as RequestInit).catch((error: Error) => error);
    await pause(200);
    expect(await timed(collector.stop())).toBeLessThan(EXIT_WITHIN_MILLIS);
    expect(await request).toBeInstanceOf(Error);
  });
});
