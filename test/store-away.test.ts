import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { startCollector } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { expectLedgerHeld, heldSpans, Ledger, startLoad } from './stage/ledger.ts';
import { newSpans } from './stage/otlp-request.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

/** Under load: `away` takes the store away, `back` brings it back; meanwhile every request is answered with 200. */
const throughAnAbsence = async (away: () => unknown, back: () => unknown): Promise<void> => {
  const database = store.newDatabase();
  const collector = await startCollector({ storeUrl: store.url, database });
  const ledger = new Ledger();
  const load = startLoad(() => collector.url, ledger, 2);
  await eventually(async () => (await heldSpans(store, database)).size > 0);
  await away();
  const before = ledger.acknowledged.size;
  await pause(1_500);
  expect(ledger.acknowledged.size).toBeGreaterThan(before + 20);
  await back();
  await eventually(async () => (await heldSpans(store, database)).size > before);
  await load.stop();
  expect(ledger.refused.size + ledger.unanswered.size).toBe(0);
  await expectLedgerHeld(ledger, store, database, collector.url);
};

describe('a store that goes away in the middle of a job', () => {
  it('frozen (SIGSTOP): 200s go on, and after it is back every span is there once', async () => {
    await throughAnAbsence(store.freeze, store.thaw);
  });

  it('killed (SIGKILL) and started again: 200s go on, and after it is back every span is there once', async () => {
    await throughAnAbsence(store.kill, store.restart);
  });

  it('killed again and again while batches are on their way: every span is there once', async () => {
    const database = store.newDatabase();
    const collector = await startCollector({ storeUrl: store.url, database });
    const ledger = new Ledger();
    const load = startLoad(() => collector.url, ledger, 2);
    for (let round = 0; round < 3; round++) {
      const before = (await heldSpans(store, database)).size;
      await eventually(async () => (await heldSpans(store, database)).size > before);
      await pause(Math.random() * 200);
      await store.kill();
      await store.restart();
    }
    await load.stop();
    expect(ledger.refused.size + ledger.unanswered.size).toBe(0);
    await expectLedgerHeld(ledger, store, database, collector.url);
  });
});

describe('a store that is away when the collector starts', () => {
  it('holds nobody up: the collector accepts, and delivers when the store is there', async () => {
    await store.kill();
    const database = store.newDatabase();
    const collector = await startCollector({ storeUrl: store.url, database });
    const ledger = new Ledger();
    expect(await ledger.send(collector.url, newSpans(5))).toBe(200);
    const ready = await fetch(`${collector.url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ store: 'away since the start', spool: 'accepting' });
    await store.restart();
    await expectLedgerHeld(ledger, store, database, collector.url);
  });
});
