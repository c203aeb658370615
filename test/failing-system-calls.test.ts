import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { openTokenKeys } from '@whence/identity';
import { beforeAll, describe, expect, it } from 'vitest';
import { metricOf, RESERVE_BYTES, startCollector } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { expectLedgerHeld, Ledger } from './stage/ledger.ts';
import { newSpans } from './stage/otlp-request.ts';
import { SpoolFiles } from './stage/spool-files.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';

/** A process may be traced here, and its system calls made to fail. */
const canInject =
  spawnSync('strace', [
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'inject=getppid:error=EIO',
    process.execPath,
    '-e',
    '0',
  ]).status === 0;
const isOptional = process.env['CI'] !== 'true';
if (!canInject && isOptional) console.warn('skipped: strace cannot trace a process here');

/** Every call with which the spool changes what is on disk. */
const SPOOL_CALLS = ['pwrite64,pwritev', 'fdatasync', 'fsync', 'unlink'];
/** More for a long run: WHENCE_KILL_CALLS=100. */
const CALLS = Number(process.env['WHENCE_KILL_CALLS'] ?? 4);

let store: StoreProcess;
beforeAll(async () => {
  if (canInject) store = await startStore();
});

const newOptions = () => ({
  dataDirectory: temporaryDirectory(),
  storeUrl: store.url,
  database: store.newDatabase(),
  // The calls that are counted are those of the spool.
  environment: { WHENCE_SPOOL_RESERVE_BYTES: '0' },
});

it.skipIf(canInject || isOptional)('needs strace, which .ci/run installs', () => {
  expect(canInject).toBe(true);
});

describe.skipIf(!canInject)('a disk that fails', () => {
  it('fdatasync says no, once: 503, never asked again for the same bytes, and the next segment is good', async () => {
    const { storeUrl, ...away } = newOptions();
    const collector = await startCollector({ ...away, faults: ['fdatasync:error=EIO:when=9'] });
    const ledger = new Ledger();
    await eventually(async () => (await ledger.send(collector.url, newSpans(3))) === 503);
    expect(await ledger.send(collector.url, newSpans(3))).toBe(200);
    expect(ledger.refused.size).toBe(3);
    await collector.kill();
    const next = await startCollector({ ...away, storeUrl });
    await expectLedgerHeld(ledger, store, away.database, next.url);
    expect(ledger.acknowledged.size).toBeGreaterThan(3);
  });

  it('fdatasync says no from now on: 503 for as long as that lasts, and nothing of it comes back', async () => {
    const { storeUrl, ...away } = newOptions();
    const collector = await startCollector({ ...away, faults: ['fdatasync:error=EIO:when=9+'] });
    const ledger = new Ledger();
    await eventually(async () => (await ledger.send(collector.url, newSpans(3))) === 503);
    for (let i = 0; i < 5; i++) expect(await ledger.send(collector.url, newSpans(3))).toBe(503);
    expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);
    await collector.kill();
    const next = await startCollector({ ...away, storeUrl });
    await expectLedgerHeld(ledger, store, away.database, next.url);
    expect(ledger.refused.size).toBe(18);
  });
});

describe.skipIf(!canInject)('a full disk on which removing a file needs space', () => {
  it.each([2, 3])(
    'the %i. file that each thread removes, of a segment or its index: it goes with what the reserve gives back',
    async (nth) => {
      const { environment: _, ...options } = newOptions();
      await openTokenKeys(join(options.dataDirectory, 'token-keys.json'));
      // The first are drafts of the lock and of the MAC keys; the lock is the second of its thread.
      const collector = await startCollector({ ...options, faults: [`unlink:error=ENOSPC:when=${nth}`] });
      const reserve = () => metricOf(collector.url, 'whence_collector_spool_reserve_bytes');
      await eventually(async () => (await reserve()) === RESERVE_BYTES);
      const ledger = new Ledger();
      expect(await ledger.send(collector.url, newSpans(3))).toBe(200);
      await eventually(() => collector.printed().includes('a part of the reserve is given back'));
      await expectLedgerHeld(ledger, store, options.database, collector.url);
      await eventually(async () => (await reserve()) === RESERVE_BYTES);
      expect(collector.printed()).not.toContain('shipping failed');
      expect((await collector.stop()).code).toBe(0);
      expect(new SpoolFiles(options.dataDirectory).files()).toEqual([]);
    },
  );
});

describe.skipIf(!canInject)('a collector that is killed inside a system call', () => {
  it.each(SPOOL_CALLS)(
    `%s, the 1st to the ${CALLS}th: nothing is lost, nothing is there twice`,
    {
      timeout: 30_000 + CALLS * 10_000,
    },
    async (call) => {
      const options = newOptions();
      const ledger = new Ledger();
      let killedInside = 0;
      for (let nth = 1; nth <= CALLS; nth++) {
        const collector = await startCollector({
          ...options,
          faults: [`${call}:signal=SIGKILL:when=${nth}`],
        }).catch(() => undefined);
        if (collector === undefined) {
          killedInside++;
          continue;
        }
        const killed = collector.ended.then(() => true);
        for (let i = 0; i < 10; i++) await ledger.send(collector.url, newSpans(2));
        // Calls that only a shipment makes come when the store has what was sent.
        const shipped = eventually(
          async () => (await metricOf(collector.url, 'whence_collector_spool_bytes')) === 0,
        )
          .then(() => false)
          .catch(() => true);
        if (await Promise.race([killed, shipped])) killedInside++;
        await collector.kill();
      }
      expect(killedInside).toBeGreaterThan(0);
      const collector = await startCollector(options);
      await expectLedgerHeld(ledger, store, options.database, collector.url);
    },
  );
});
