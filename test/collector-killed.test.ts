import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { startCollector } from './stage/collector-process.ts';
import { expectLedgerHeld, Ledger, startLoad } from './stage/ledger.ts';
import { newSpans } from './stage/otlp-request.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

/** More for a long run: WHENCE_KILL_ROUNDS=200. */
const ROUNDS = Number(process.env['WHENCE_KILL_ROUNDS'] ?? 8);
const LONGEST_ROUND_MILLIS = 600;
const ROUND_TIMEOUT_MILLIS = 10_000;

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

describe('a collector that is killed with kill -9', () => {
  it(`loses nothing that it acknowledged and sends nothing twice, ${ROUNDS} times under load`, {
    timeout: 60_000 + ROUNDS * ROUND_TIMEOUT_MILLIS,
  }, async () => {
    const options = {
      dataDirectory: temporaryDirectory(),
      storeUrl: store.url,
      database: store.newDatabase(),
    };
    const ledger = new Ledger();
    let collector = await startCollector(options);
    for (let round = 0; round < ROUNDS; round++) {
      const load = startLoad(() => collector.url, ledger);
      await pause(Math.random() * LONGEST_ROUND_MILLIS);
      await collector.kill();
      await load.stop();
      collector = await startCollector(options);
    }
    expect(ledger.acknowledged.size).toBeGreaterThan(ROUNDS);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
    expect((await collector.stop()).code).toBe(0);
  });

  it('right after a 200, keeps what it acknowledged', async () => {
    const options = {
      dataDirectory: temporaryDirectory(),
      storeUrl: store.url,
      database: store.newDatabase(),
    };
    const ledger = new Ledger();
    for (let round = 0; round < 3; round++) {
      const collector = await startCollector(options);
      expect(await ledger.send(collector.url, newSpans(7))).toBe(200);
      await collector.kill();
    }
    const collector = await startCollector(options);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
    expect(ledger.acknowledged.size).toBe(21);
  });

  it('while the store is away, keeps what it acknowledged for as long as that lasts', async () => {
    const away = { dataDirectory: temporaryDirectory(), database: store.newDatabase() };
    const ledger = new Ledger();
    for (let round = 0; round < 3; round++) {
      const collector = await startCollector(away);
      const load = startLoad(() => collector.url, ledger);
      await pause(150);
      await collector.kill();
      await load.stop();
    }
    const collector = await startCollector({ ...away, storeUrl: store.url });
    await expectLedgerHeld(ledger, store, away.database, collector.url);
    expect(ledger.acknowledged.size).toBeGreaterThan(0);
  });
});
