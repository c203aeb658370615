import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbedded } from '@whence/clickhouse-embedded';
import { beforeAll, describe, expect, it } from 'vitest';
import { collectorThatEnds, startCollector } from './stage/collector-process.ts';
import { expectLedgerHeld, Ledger } from './stage/ledger.ts';
import { newSpans } from './stage/otlp-request.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { takeDown, temporaryDirectory } from './stage/take-down.ts';

let store: StoreProcess;
beforeAll(async () => {
  store = await startStore();
});

describe('the data directory of a collector has one owner', () => {
  it('a second collector refuses in one line that names the first, and the first goes on', async () => {
    const options = {
      dataDirectory: temporaryDirectory(),
      storeUrl: store.url,
      database: store.newDatabase(),
    };
    const first = await startCollector(options);
    const ledger = new Ledger();
    await ledger.send(first.url, newSpans(4));
    const second = await collectorThatEnds(options);
    expect(second).toMatchObject({ code: 1, signal: null });
    expect(second.stderr.trim().split('\n')).toHaveLength(1);
    expect(second.stderr).toContain(options.dataDirectory);
    expect(second.stderr).toContain(`pid ${first.pid}`);
    await ledger.send(first.url, newSpans(4));
    expect(ledger.acknowledged.size).toBe(8);
    await expectLedgerHeld(ledger, store, options.database, first.url);
  });

  it('the lock of a collector that was killed is taken over, and left by one that stops', async () => {
    const dataDirectory = temporaryDirectory();
    for (let round = 0; round < 2; round++) {
      await (await startCollector({ dataDirectory })).kill();
      const next = await startCollector({ dataDirectory });
      expect((await next.stop()).code).toBe(0);
    }
  });

  it('a lock whose pid has been given to another process is taken over', async () => {
    const dataDirectory = temporaryDirectory();
    const lock = join(dataDirectory, 'owner.lock');
    const killed = await startCollector({ dataDirectory });
    await killed.kill();
    const note = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
    expect(note.pid).toBe(killed.pid);
    writeFileSync(lock, JSON.stringify({ ...note, pid: process.pid }));
    await (await startCollector({ dataDirectory })).stop();
  });

  it('of many that start at once, one takes it, also from one that was killed', async () => {
    const dataDirectory = temporaryDirectory();
    for (let round = 0; round < 2; round++) {
      const attempts = await Promise.allSettled(
        Array.from({ length: 4 }, () => startCollector({ dataDirectory })),
      );
      const started = attempts.filter((attempt) => attempt.status === 'fulfilled');
      expect(started).toHaveLength(1);
      const { value: owner } = started[0]!;
      for (const attempt of attempts) {
        if (attempt.status === 'rejected') expect(String(attempt.reason)).toContain(dataDirectory);
      }
      await owner.kill();
    }
  });
});

describe('the data directory of an embedded store has one owner', () => {
  it('a second store refuses and names the first, which goes on', async () => {
    const refusal = await startEmbedded({ dataDir: store.dataDirectory }).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(refusal.split('\n')).toHaveLength(1);
    expect(refusal).toContain(store.dataDirectory);
    expect(refusal).toContain(`process ${store.pid()} at ${store.url}`);
    expect(await store.rows('default', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('that of a store that was killed is taken over', async () => {
    const dataDir = temporaryDirectory();
    const killed = await startEmbedded({ dataDir, readers: 1, writers: 1 });
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited;
    const next = await startEmbedded({ dataDir, readers: 1, writers: 1 });
    takeDown(() => next.stop());
    expect((await fetch(`${next.url}/ping`)).status).toBe(200);
  });
});
