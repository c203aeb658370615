import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CollectorOptions,
  type CollectorProcess,
  metricOf,
  startCollector,
  storeOpen,
} from './stage/collector-process.ts';
import { bearer, writeCredentials } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { newFakedClock, noFakedClock } from './stage/faked-clock.ts';
import { askIssuer } from './stage/issuer-client.ts';
import { drained, expectLedgerHeld, Ledger, startLoad } from './stage/ledger.ts';
import { startOtlpEndpoint } from './stage/otlp-endpoint.ts';
import { newSpan, newSpans } from './stage/otlp-request.ts';
import { postProtobuf } from './stage/post.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';
import { startTokenIssuer } from './stage/token-issuer.ts';

const reason = noFakedClock();
if (reason !== undefined) {
  if (process.env['CI'] === 'true') throw new Error(`${reason}: .ci/run installs it`);
  console.warn(`skipped: ${reason}`);
}

/** Days ahead of the true time, one after the other: by one day, by two, there and back. */
const JUMPS = [1, 0, -1, 1, -1, 0];
/** Whatever waited for the clock would wait for a day. */
const SOON = { withinMillis: 10_000 };

let store: StoreProcess;
beforeAll(async () => {
  if (reason === undefined) store = await startStore();
});

const startClocked = async (options: CollectorOptions = {}) => {
  const clock = newFakedClock();
  const collector = await startCollector({
    ...options,
    environment: { ...options.environment, ...clock.environment },
  });
  return { clock, collector };
};

const shippedRows = async ({ url }: CollectorProcess): Promise<number> =>
  (await metricOf(url, 'whence_collector_rows_shipped_total'))!;

const expectHealthy = async ({ url }: CollectorProcess): Promise<void> => {
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect(await metricOf(url, 'whence_collector_spool_age_seconds')).toBeGreaterThanOrEqual(0);
};

/** Days on which the store holds rows, and batches that lie on more than one. */
const daysOf = async (database: string): Promise<{ days: number; torn: number }> => {
  const [row] = await store.rows<{ days: number; torn: number }>(
    database,
    `SELECT toUInt32(uniqExactArray(days_of_batch)) AS days, toUInt32(countIf(length(days_of_batch) > 1)) AS torn
     FROM (SELECT groupUniqArray(toDate(ReceivedAt)) AS days_of_batch FROM otel_traces GROUP BY BatchId)`,
  );
  return row!;
};

describe.skipIf(reason !== undefined)('a clock that jumps', () => {
  it('by days, there and back, under load: all is taken, shipped as before, and there once', async () => {
    const database = store.newDatabase();
    const { clock, collector } = await startClocked({ storeUrl: store.url, database });
    const ledger = new Ledger();
    const load = startLoad(() => collector.url, ledger, 2);
    for (const days of JUMPS) {
      await eventually(async () => (await shippedRows(collector)) > 0);
      clock.setAhead(days);
      await expectHealthy(collector);
      const [shipped, acknowledged] = [await shippedRows(collector), ledger.acknowledged.size];
      await eventually(async () => (await shippedRows(collector)) > shipped + 100, {
        ...SOON,
        otherwise: () => `shipping has stopped ${days} days ahead`,
      });
      await eventually(() => ledger.acknowledged.size > acknowledged, SOON);
      await expectHealthy(collector);
    }
    await load.stop();
    expect(ledger.refused.size + ledger.unanswered.size).toBe(0);
    await expectLedgerHeld(ledger, store, database, collector.url);
    expect(await daysOf(database)).toEqual({ days: 3, torn: 0 });
    expect(await metricOf(collector.url, 'whence_collector_ship_retries_total')).toBe(0);
  });

  it('back, with nothing sent after it: what was taken before is shipped when it would have been', async () => {
    const database = store.newDatabase();
    const environment = { WHENCE_SEGMENT_MAX_AGE_MILLIS: '1500' };
    const { clock, collector } = await startClocked({ storeUrl: store.url, database, environment });
    const ledger = new Ledger();
    await storeOpen(collector.url);
    expect(await ledger.send(collector.url, newSpans(3))).toBe(200);
    clock.setAhead(-1);
    expect(await shippedRows(collector)).toBe(0);
    await eventually(async () => (await shippedRows(collector)) === 3, SOON);
    await expectLedgerHeld(ledger, store, database, collector.url);
  });

  it('while the store is away, and with the collector killed in between: what waits of several days is there once', async () => {
    const options = { dataDirectory: temporaryDirectory(), database: store.newDatabase() };
    const ledger = new Ledger();
    for (const days of JUMPS) {
      const { clock, collector } = await startClocked(options);
      const load = startLoad(() => collector.url, ledger, 2);
      await pause(200);
      clock.setAhead(days);
      await pause(400);
      await expectHealthy(collector);
      await collector.kill();
      await load.stop();
    }
    const { clock, collector } = await startClocked({ ...options, storeUrl: store.url });
    clock.setAhead(-1);
    expect(await ledger.send(collector.url, newSpans(5))).toBe(200);
    await expectLedgerHeld(ledger, store, options.database, collector.url);
    expect(await daysOf(options.database)).toEqual({ days: 3, torn: 0 });
    expect(ledger.acknowledged.size).toBeGreaterThan(JUMPS.length * 10);
  });

  it('a tenant over its rate waits for as long as it is told, not for a day', async () => {
    const { path, keys } = writeCredentials('example.com', [{ id: 'noisy', actor: 'k8s://prod/noisy' }]);
    const limited = { ...(JSON.parse(readFileSync(path, 'utf8')) as object) };
    const limit = { id: 'default', bytesPerSecond: 10_000, burstBytes: 10_000 };
    writeFileSync(path, JSON.stringify({ ...limited, tenants: [limit] }));
    const { clock, collector } = await startClocked({ credentialsPath: path });
    const send = (count: number) => postProtobuf(collector.url, newSpans(count), bearer(keys['noisy']!));
    for (const days of JUMPS) {
      await eventually(async () => (await send(200)).status === 429, SOON);
      clock.setAhead(days);
      await eventually(async () => {
        const { status, headers } = await send(1);
        if (status === 429) expect(Number(headers['retry-after'])).toBeLessThan(10);
        return status === 200;
      }, SOON);
    }
  });

  it('the keys of a token issuer that was away are fetched again within seconds', async () => {
    const issuer = await startTokenIssuer();
    issuer.away = true;
    const credentialsPath = join(temporaryDirectory(), 'whence.yaml');
    const workloads = [{ subject: 'billing', actor: 'k8s://prod/billing' }];
    const issuers = [{ issuer: issuer.url, audience: 'whence', workloads }];
    writeFileSync(credentialsPath, JSON.stringify({ trustDomain: 'bank.example', issuers }));
    const { clock, collector } = await startClocked({ credentialsPath });
    const inThreeDays = Math.floor(Date.now() / 1000) + 3 * 86_400;
    const send = () => {
      const token = issuer.token('billing', { exp: inThreeDays, jti: String(Math.random()) });
      return postProtobuf(collector.url, [newSpan()], bearer(token));
    };
    for (const days of [1, -1]) {
      issuer.away = true;
      issuer.rotate();
      await eventually(async () => (await send()).status === 503, SOON);
      clock.setAhead(days);
      issuer.away = false;
      await eventually(async () => {
        const { status, headers } = await send();
        if (status === 503) expect(Number(headers['retry-after'])).toBeLessThanOrEqual(30);
        return status === 200;
      }, SOON);
    }
  });

  it('a run that began tomorrow and ends today ends no earlier than it began, and its reference still counts', async () => {
    const database = store.newDatabase();
    const grants = [
      { principal: { id: 'k8s://prod/jobs/nightly', kind: 'scheduler' }, authority: 'policy:1' },
    ];
    const { path, keys } = writeCredentials('example.com', [{ id: 'job', actor: 'k8s://prod/job', grants }]);
    const { clock, collector } = await startClocked({ storeUrl: store.url, database, credentialsPath: path });
    clock.setAhead(1);
    const started = await askIssuer(collector.url, keys['job'], '/v1/runs', { job: 'nightly' });
    expect(started.status).toBe(201);
    clock.setAhead(0);
    const span = newSpan({ traceState: started.json.traceState });
    expect((await postProtobuf(collector.url, [span], bearer(keys['job']!))).status).toBe(200);
    const { id, startedAt } = started.json.run;
    const ended = await askIssuer(collector.url, keys['job'], `/v1/runs/${id}/end`, { outcome: 'success' });
    expect(ended).toMatchObject({ status: 200, json: { run: { outcome: 'success', endedAt: startedAt } } });
    await drained(collector.url);
    const stored = await store.rows(database, `SELECT toString(Assurance) AS assurance FROM otel_traces`);
    expect(stored).toEqual([{ assurance: 'verified' }]);
    const read = await askIssuer(collector.url, keys['job'], `/v1/runs/${id}`);
    expect(read).toMatchObject({ status: 200, json: { run: { outcome: 'success' } } });
  });

  it('back while a second endpoint is waited for on SIGTERM: it ends when it would have', async () => {
    const endpoint = await startOtlpEndpoint();
    await endpoint.away();
    const graceMillis = 2_000;
    const { clock, collector } = await startClocked({
      environment: {
        WHENCE_FORWARD_URL: endpoint.url,
        WHENCE_SHUTDOWN_GRACE_MILLIS: String(graceMillis),
      },
    });
    expect((await postProtobuf(collector.url, newSpans(3))).status).toBe(200);
    const startedAt = performance.now();
    const stopped = collector.stop();
    await eventually(() => collector.printed().includes('stopping'));
    await pause(300);
    clock.setAhead(-1);
    expect(await stopped).toMatchObject({ code: 0 });
    expect(performance.now() - startedAt).toBeLessThan(2 * graceMillis + 3_000);
  });
});
