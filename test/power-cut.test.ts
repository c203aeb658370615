import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { NO_STORE, startCollector } from './stage/collector-process.ts';
import { type FailingDisk, mountFailingDisk } from './stage/failing-disk.ts';
import { expectLedgerHeld, Ledger, startLoad } from './stage/ledger.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

/** More for a long run: WHENCE_POWER_CUTS=100. */
const CUTS = Number(process.env['WHENCE_POWER_CUTS'] ?? 5);
const LONGEST_ROUND_MILLIS = 500;

const mounted = mountFailingDisk();
const reason = 'reason' in mounted ? mounted.reason : spawnSync('perl', ['-v']).error?.message;
if (reason !== undefined) console.warn(`skipped: ${reason}`);

let store: StoreProcess;
beforeAll(async () => {
  if (reason === undefined) store = await startStore();
});

it.skipIf(reason !== undefined)(
  `what is acknowledged outlives the loss of all that was not synced, ${CUTS} times under load`,
  { timeout: 60_000 + CUTS * 10_000 },
  async () => {
    const { disk } = mounted as { disk: FailingDisk };
    const options = { dataDirectory: join(disk.path, 'data'), database: store.newDatabase() };
    const ledger = new Ledger();
    for (let round = 0; round < CUTS; round++) {
      const collector = await startCollector({ ...options, storeUrl: NO_STORE });
      const load = startLoad(() => collector.url, ledger);
      await pause(50 + Math.random() * LONGEST_ROUND_MILLIS);
      const acknowledged = new Set(ledger.acknowledged);
      disk.cutPower();
      await collector.kill();
      await load.stop();
      // A machine without power says nothing more. Ours lives on, and a sync that was under way when the journal was
      // aborted may still be told that all is well.
      for (const spanId of ledger.acknowledged) {
        if (!acknowledged.has(spanId)) ledger.unanswered.add(spanId);
      }
      ledger.acknowledged.clear();
      for (const spanId of acknowledged) ledger.acknowledged.add(spanId);
      disk.repair();
      // 503 promises nothing: the bytes of a sync that failed may have been written all the same.
      for (const spanId of ledger.refused) ledger.unanswered.add(spanId);
      ledger.refused.clear();
    }
    expect(ledger.acknowledged.size).toBeGreaterThan(CUTS * 10);
    const collector = await startCollector({ ...options, storeUrl: store.url });
    await expectLedgerHeld(ledger, store, options.database, collector.url);
    expect((await collector.stop()).code).toBe(0);
  },
);
