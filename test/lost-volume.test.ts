import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, NO_STORE, startCollector, storeOpen } from './stage/collector-process.ts';
import { eventually } from './stage/eventually.ts';
import { type FailingDisk, mountFailingDisk } from './stage/failing-disk.ts';
import { expectLedgerHeld, Ledger, startLoad } from './stage/ledger.ts';
import { newSpans, rpcStatusOf } from './stage/otlp-request.ts';
import { postProtobuf } from './stage/post.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

/** google.rpc.Code */
const UNAVAILABLE = 14;

const mounted = mountFailingDisk();
if ('reason' in mounted) console.warn(`skipped: ${mounted.reason}`);

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

/** Alive, not ready, says 503 with a time to wait, and is heard of in the log. */
const expectAlarm = async ({ url, printed }: CollectorProcess): Promise<void> => {
  const { status, headers, body } = await postProtobuf(url, newSpans(1, { name: 'refused' }));
  expect(status).toBe(503);
  expect(headers['retry-after']).toMatch(/^\d+$/);
  expect(rpcStatusOf(headers['content-type'], body).code).toBe(UNAVAILABLE);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const ready = await eventually(async () => {
    const response = await fetch(`${url}/readyz`);
    return response.status === 503 && response;
  });
  expect(await ready.json()).toMatchObject({ ready: false, spool: expect.stringContaining('otel_traces') });
  await eventually(() => printed().includes('cannot create a spool segment'));
  expect(printed()).toContain('"level":50');
};

describe.skipIf('reason' in mounted)('a data volume that turns read-only under a running collector', () => {
  it('503 from the first write that fails; after the repair what was acknowledged is there, once', async () => {
    const { disk } = mounted as { disk: FailingDisk };
    const away = {
      dataDirectory: join(disk.path, 'data'),
      storeUrl: NO_STORE,
      database: store.newDatabase(),
    };
    const collector = await startCollector(away);
    const ledger = new Ledger();
    const load = startLoad(() => collector.url, ledger, 3);
    await eventually(() => ledger.acknowledged.size > 100);
    const inDoubt = ledger.underWay();
    disk.turnReadOnly();
    await eventually(() => ledger.refused.size > 20);
    const acknowledged = ledger.acknowledged.size;
    await eventually(() => ledger.refused.size > 60);
    await load.stop();
    expect(ledger.acknowledged.size).toBe(acknowledged);
    expect(ledger.unanswered.size).toBe(0);
    await expectAlarm(collector);

    await collector.stop();
    disk.repair();
    const next = await startCollector({ ...away, storeUrl: store.url });
    await expectLedgerHeld(ledger, store, away.database, next.url, inDoubt);
    expect((await next.stop()).code).toBe(0);
  });
});

describe('a data directory that is removed under a running collector', () => {
  it('503 within the life of two segments, with an alarm, and a collector that starts anew is well', async () => {
    const options = { storeUrl: store.url, database: store.newDatabase() };
    const collector = await startCollector(options);
    await storeOpen(collector.url);
    const ledger = new Ledger();
    expect(await ledger.send(collector.url, newSpans(3))).toBe(200);
    await expectLedgerHeld(ledger, store, options.database, collector.url);

    rmSync(collector.dataDirectory, { recursive: true });
    await eventually(async () => (await ledger.send(collector.url, newSpans(1))) === 503);
    await expectAlarm(collector);
    await collector.kill();

    const next = await startCollector({ ...options, dataDirectory: collector.dataDirectory });
    const after = new Ledger();
    expect(await after.send(next.url, newSpans(3))).toBe(200);
    expect((await next.stop()).code).toBe(0);
  });
});
