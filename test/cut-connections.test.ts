import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { metricOf, startCollector } from './stage/collector-process.ts';
import { startCuttingProxy } from './stage/cutting-proxy.ts';
import { eventually } from './stage/eventually.ts';
import { drained, expectLedgerHeld, Ledger, startLoad } from './stage/ledger.ts';
import { newSpans } from './stage/otlp-request.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

const startBehindProxy = async () => {
  const proxy = await startCuttingProxy(store.url);
  const options = { dataDirectory: temporaryDirectory(), storeUrl: proxy.url, database: store.newDatabase() };
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
});
