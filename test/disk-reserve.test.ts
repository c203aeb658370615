import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CollectorOptions,
  metricOf,
  NO_STORE,
  startCollector,
  storeOpen,
} from './stage/collector-process.ts';
import { writeCredentials } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { askIssuer } from './stage/issuer-client.ts';
import { expectLedgerHeld, Ledger, startLoad } from './stage/ledger.ts';
import { startOtlpEndpoint } from './stage/otlp-endpoint.ts';
import { newSpans } from './stage/otlp-request.ts';
import { postProtobuf } from './stage/post.ts';
import { startRefusingProxy } from './stage/refusing-proxy.ts';
import { type FileSystem, mountSmallDisk, type SmallDisk } from './stage/small-disk.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

/** On btrfs making a file wants a megabyte of free space: a part of the reserve is to be no less. */
const RESERVE_BYTES: Readonly<Record<FileSystem, number>> = {
  tmpfs: 256 << 10,
  btrfs: 8 << 20,
  'quota on btrfs': 8 << 20,
};
const OUT_OF_MEMORY = { code: 241, name: 'MEMORY_LIMIT_EXCEEDED' };
const POISONED = { code: 117, name: 'INCORRECT_DATA', status: 400, bodyHolds: 'poison' };

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

describe.each(Object.keys(RESERVE_BYTES) as FileSystem[])(
  'what is kept of a disk for when it is full: %s',
  (fileSystem) => {
    const mounted = mountSmallDisk(fileSystem);
    if ('reason' in mounted) console.warn(`skipped: ${mounted.reason}`);
    const itWhereMounted = it.skipIf('reason' in mounted);
    const reserveBytes = RESERVE_BYTES[fileSystem];

    const reserveIs = (url: string, wanted: (bytes: number) => boolean): Promise<unknown> =>
      eventually(async () => wanted((await metricOf(url, 'whence_collector_spool_reserve_bytes'))!));
    const reserveIsWhole = (url: string) => reserveIs(url, (bytes) => bytes === reserveBytes);

    /** A collector on a disk of its own, with its reserve whole. */
    const start = async ({ environment, ...options }: CollectorOptions) => {
      const { disk } = mountSmallDisk(fileSystem) as { disk: SmallDisk };
      const again = {
        ...options,
        dataDirectory: join(disk.path, 'data'),
        environment: { ...environment, WHENCE_SPOOL_RESERVE_BYTES: String(reserveBytes) },
      };
      const collector = await startCollector(again);
      await reserveIsWhole(collector.url);
      return { disk, collector, again };
    };

    itWhereMounted(
      'filled under load, with rows that the store will not have: 503, all others are delivered, a gap is told; whole again when there is room',
      async () => {
        const proxy = await startRefusingProxy(store.url);
        const database = store.newDatabase();
        const { disk, collector } = await start({ storeUrl: proxy.url, database });
        await storeOpen(collector.url);
        const ledger = new Ledger();
        proxy.refusal = OUT_OF_MEMORY;
        const [poison] = newSpans(1, { name: 'poison' });
        expect(await ledger.send(collector.url, [...newSpans(3), poison!])).toBe(200);
        ledger.acknowledged.delete(poison!.spanId);
        ledger.refused.add(poison!.spanId);
        const load = startLoad(() => collector.url, ledger, 3);
        await eventually(() => ledger.acknowledged.size > 100);
        disk.fill();
        await eventually(() => {
          disk.fill();
          return ledger.refused.size > 50;
        });

        proxy.refusal = POISONED;
        await reserveIs(collector.url, (bytes) => bytes < reserveBytes);
        const answer = await postProtobuf(collector.url, newSpans(1, { name: 'refused' }));
        expect(answer.status).toBe(503);
        expect(answer.headers['retry-after']).toMatch(/^\d+$/);
        await eventually(
          async () => (await metricOf(collector.url, 'whence_collector_gaps_recorded_total')) === 1,
        );
        // What leaves the spool makes room, which is not to be enough yet.
        const gaps = await eventually(async () => {
          disk.fill();
          const found = await store.rows(database, 'SELECT Reason, toUInt32(LostRows) AS lost FROM gaps');
          return found.length > 0 && found;
        });
        expect(gaps).toEqual([{ Reason: 'refused', lost: 1 }]);
        const setAside = join(collector.dataDirectory, 'spool', 'otel_traces', 'refused');
        await eventually(() => readdirSync(setAside).some((file) => file.endsWith('.rowbinary')));
        // Everything that had been acknowledged has left, and nothing more was: the room was for the records.
        await eventually(async () => (await metricOf(collector.url, 'whence_collector_spool_bytes')) === 0);
        const acknowledged = ledger.acknowledged.size;
        const refused = ledger.refused.size;
        await eventually(() => ledger.refused.size > refused + 50);
        expect(ledger.acknowledged.size).toBe(acknowledged);
        const ready = await fetch(`${collector.url}/readyz`);
        expect(ready.status).toBe(503);
        expect(await ready.json()).toMatchObject({ ready: false, disk: expect.stringContaining('full') });

        disk.free();
        await eventually(() => ledger.acknowledged.size > acknowledged);
        await reserveIsWhole(collector.url);
        await load.stop();
        expect(ledger.unanswered.size).toBe(0);
        await expectLedgerHeld(ledger, store, database, collector.url);
        expect(collector.printed()).toContain('the reserve is whole again');
        expect(collector.printed()).not.toContain('a gap cannot be recorded');
      },
    );

    itWhereMounted('a run that is under way can be ended, and that is in the store', async () => {
      const credentials = writeCredentials('example.com', [
        {
          id: 'scheduler',
          actor: 'k8s://prod/apps/scheduler',
          grants: [{ principal: { id: 'k8s://prod/jobs/nightly', kind: 'scheduler' } }],
        },
      ]);
      const key = credentials.keys['scheduler'];
      const database = store.newDatabase();
      const { disk, collector } = await start({
        storeUrl: store.url,
        database,
        credentialsPath: credentials.path,
      });
      await storeOpen(collector.url);
      const started = await askIssuer(collector.url, key, '/v1/runs', { job: 'nightly' });
      expect(started.status).toBe(201);
      await eventually(async () => (await metricOf(collector.url, 'whence_collector_spool_bytes')) === 0);
      disk.fill();
      const { id } = started.json.run;
      const ended = await askIssuer(collector.url, key, `/v1/runs/${id}/end`, { outcome: 'success' });
      expect(ended).toMatchObject({ status: 200, json: { run: { id, outcome: 'success' } } });
      await eventually(async () => {
        const rows = await store.rows(
          database,
          `SELECT Outcome FROM runs WHERE RunId = '${id}' AND Outcome != ''`,
        );
        return rows.length > 0;
      });
    });

    itWhereMounted(
      'how far the second endpoint has come is kept: after a kill it gets no more than one request again',
      async () => {
        const endpoint = await startOtlpEndpoint();
        endpoint.answer(503, { 'retry-after': '1' });
        const options = { storeUrl: NO_STORE, environment: { WHENCE_FORWARD_URL: endpoint.url } };
        const { disk, collector, again } = await start(options);
        const spans = newSpans(300);
        const answers = await Promise.all(spans.map((span) => postProtobuf(collector.url, [span])));
        expect(answers.every(({ status }) => status === 200)).toBe(true);
        disk.fill();
        endpoint.answer(200);
        await eventually(() => endpoint.spans().length > 20);
        await collector.kill();
        expect(endpoint.spans().length).toBeLessThan(spans.length);
        disk.fill();

        await startCollector(again);
        await eventually(() => new Set(endpoint.spans().map(({ spanId }) => spanId)).size === spans.length);
        expect(endpoint.spans().length).toBeLessThanOrEqual(spans.length + 1);
      },
    );
  },
);
