import { join } from 'node:path';
import { formatReference, newRunId } from '@whence/model';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorOptions, NO_STORE, startCollector, storeOpen } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { drained, expectLedgerHeld, Ledger, startLoad } from './stage/ledger.ts';
import { newSpan, newSpans, rpcStatusOf } from './stage/otlp-request.ts';
import { postProtobuf } from './stage/post.ts';
import { mountSmallDisk, type SmallDisk } from './stage/small-disk.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

/** google.rpc.Code */
const UNAVAILABLE = 14;

/** On btrfs a rename, which the start needs to take over the lock of a dead collector, wants a megabyte of free space. */
const RESERVE_BYTES = { tmpfs: 256 << 10, btrfs: 8 << 20 };

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

/** Sends until the collector says that it can keep no more. */
const sendUntilRefused = async (url: string, ledger: Ledger, spansAtOnce = 100): Promise<void> => {
  await eventually(async () => (await ledger.send(url, newSpans(spansAtOnce))) !== 200, {
    withinMillis: 60_000,
  });
};

describe.each(['tmpfs', 'btrfs'] as const)('a disk that is full: %s', (fileSystem) => {
  const mounted = mountSmallDisk(fileSystem);
  if ('reason' in mounted) {
    if (fileSystem === 'tmpfs' && process.env['CI'] === 'true') throw new Error(mounted.reason);
    console.warn(`skipped: ${mounted.reason}`);
  }

  const onSmallDisk = (
    storeUrl: string,
  ): { disk: SmallDisk; options: CollectorOptions & { database: string } } => {
    const { disk } = mountSmallDisk(fileSystem) as { disk: SmallDisk };
    return {
      disk,
      options: {
        dataDirectory: join(disk.path, 'data'),
        storeUrl,
        database: store.newDatabase(),
        environment: { WHENCE_SPOOL_RESERVE_BYTES: String(RESERVE_BYTES[fileSystem]) },
      },
    };
  };

  it.skipIf('reason' in mounted)(
    '503 with Retry-After while it is, accepted again when there is room: what was acknowledged is there once',
    async () => {
      const { disk, options } = onSmallDisk(NO_STORE);
      const collector = await startCollector(options);
      const ledger = new Ledger();
      expect(await ledger.send(collector.url, newSpans(5))).toBe(200);
      disk.fill();
      await sendUntilRefused(collector.url, ledger);

      const spans = newSpans(200);
      const answer = await postProtobuf(collector.url, spans);
      for (const { spanId } of spans) ledger.refused.add(spanId);
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toMatch(/^\d+$/);
      expect(rpcStatusOf(answer.headers['content-type'], answer.body).code).toBe(UNAVAILABLE);
      expect((await fetch(`${collector.url}/healthz`)).status).toBe(200);

      disk.free();
      const refused = ledger.refused.size;
      await eventually(async () => (await ledger.send(collector.url, newSpans(3))) === 200);
      expect(ledger.refused.size).toBeGreaterThanOrEqual(refused);
      expect(ledger.unanswered.size).toBe(0);

      expect((await collector.stop()).code).toBe(0);
      const next = await startCollector({ ...options, storeUrl: store.url });
      await expectLedgerHeld(ledger, store, options.database, next.url);
    },
  );

  it.skipIf('reason' in mounted)(
    'filled and freed again and again under load: the sender was told the truth each time',
    async () => {
      const { disk, options } = onSmallDisk(store.url);
      const collector = await startCollector(options);
      await storeOpen(collector.url);
      const ledger = new Ledger();
      const load = startLoad(() => collector.url, ledger, 3);
      for (let round = 0; round < 3; round++) {
        const refused = ledger.refused.size;
        disk.fill();
        await eventually(() => {
          disk.fill();
          return ledger.refused.size > refused;
        });
        disk.free();
        const accepted = ledger.acknowledged.size;
        await eventually(() => ledger.acknowledged.size > accepted);
      }
      await load.stop();
      expect(ledger.unanswered.size).toBe(0);
      await expectLedgerHeld(ledger, store, options.database, collector.url);
    },
  );

  it.skipIf('reason' in mounted)(
    'room for spans but not for the run that they claim: refused whole, not kept in part',
    async () => {
      const { disk, options } = onSmallDisk(store.url);
      const collector = await startCollector({
        ...options,
        environment: { ...options.environment, WHENCE_SEGMENT_MAX_AGE_MILLIS: '60000' },
      });
      const ledger = new Ledger();
      // The segment of the spans has a block now, and room in it; that of the runs has none.
      expect(await ledger.send(collector.url, newSpans(1))).toBe(200);
      disk.fill();
      const runId = newRunId();
      const opening = newSpan({
        traceState: `whence=${formatReference({ runId })}`,
        attributes: [{ key: 'whence.run.id', value: { stringValue: runId } }],
      });
      expect(await ledger.send(collector.url, [opening])).toBe(503);
      disk.free();
      expect((await collector.stop()).code).toBe(0);
      const next = await startCollector(options);
      await expectLedgerHeld(ledger, store, options.database, next.url);
      expect(ledger.refused).toEqual(new Set([opening.spanId]));
    },
  );

  it.skipIf('reason' in mounted)(
    'a collector that is killed on it starts again, delivers, and so makes room',
    async () => {
      const { disk, options } = onSmallDisk(NO_STORE);
      const collector = await startCollector(options);
      const ledger = new Ledger();
      await sendUntilRefused(collector.url, ledger, 1_000);
      disk.fill();
      await collector.kill();
      disk.fill();
      expect(disk.isFull()).toBe(true);

      const next = await startCollector({ ...options, storeUrl: store.url });
      await drained(next.url);
      await eventually(async () => (await ledger.send(next.url, newSpans(3))) === 200);
      await expectLedgerHeld(ledger, store, options.database, next.url);
    },
  );
});
