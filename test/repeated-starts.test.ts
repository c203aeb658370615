import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, metricOf, startCollector } from './stage/collector-process.ts';
import { bearer, type CredentialsFile, writeCredentials } from './stage/credentials-file.ts';
import { ask, askIssuer, type JsonAnswer } from './stage/issuer-client.ts';
import { startLosingProxy } from './stage/losing-proxy.ts';

const PRINCIPAL = { id: 'k8s://prod/payments/reconcile', kind: 'service_account' };

let credentials: CredentialsFile;
let collector: CollectorProcess;

beforeAll(async () => {
  const grants = [{ principal: PRINCIPAL, jobs: ['nightly-*'] }];
  credentials = writeCredentials('example.com', [
    { id: 'scheduler', actor: 'k8s://prod/payments/scheduler', grants },
    { id: 'other', actor: 'k8s://prod/payments/other', grants },
  ]);
  collector = await startCollector({ credentialsPath: credentials.path });
});

const start = (
  idempotencyKey: string,
  { url = collector.url, who = 'scheduler', body = { job: 'nightly-x' } as object | string } = {},
): Promise<JsonAnswer> =>
  ask(`${url}/v1/runs`, {
    method: 'POST',
    headers: { ...bearer(credentials.keys[who]!), 'idempotency-key': idempotencyKey },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const recorded = async (): Promise<number> =>
  (await metricOf(collector.url, 'whence_collector_run_records_total')) ?? 0;

describe('the same Idempotency-Key', () => {
  it('again: the same run and reference, written once', async () => {
    const before = await recorded();
    const key = randomUUID();
    const first = await start(`"${key}"`);
    const again = await start(key, { body: '{ "attempt": 1, "job": "nightly-x" }' });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json.run).toEqual(first.json.run);
    expect(again.json.reference).toBe(first.json.reference);
    expect(again.headers.get('location')).toBe(`/v1/runs/${first.json.run.id}`);
    expect((await recorded()) - before).toBe(1);
  });

  it('many times at once: one run', async () => {
    const before = await recorded();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, () => start(key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ json }) => json.reference)).size).toBe(1);
    expect((await recorded()) - before).toBe(1);
  });

  it('with another request: 422 that says what to do, and nothing is written', async () => {
    const key = randomUUID();
    await start(key);
    const before = await recorded();
    const { status, headers, json } = await start(key, { body: { job: 'nightly-y' } });
    expect(status).toBe(422);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(json).toMatchObject({
      status: 422,
      code: 'idempotency_key_reused',
      field: 'Idempotency-Key',
      detail: expect.stringMatching(new RegExp(`${key}.*another request.*new key`)),
    });
    expect(await recorded()).toBe(before);
  });

  it('of another workload is another run', async () => {
    const key = randomUUID();
    const [mine, theirs] = [await start(key), await start(key, { who: 'other' })];
    expect(theirs.status).toBe(201);
    expect(theirs.json.run.id).not.toBe(mine.json.run.id);
  });

  it('after a refusal may be used again', async () => {
    const key = randomUUID();
    expect((await start(key, { body: { job: 'drop-tables' } })).status).toBe(403);
    expect((await start(key)).status).toBe(201);
  });

  it('that is none: 400', async () => {
    for (const key of ['', '""', 'a b', 'x'.repeat(65), '"x']) {
      const { status, json } = await start(key);
      expect({ key, status }).toEqual({ key, status: 400 });
      expect(json).toMatchObject({ code: 'invalid_request', field: 'Idempotency-Key' });
    }
  });

  it('is forgotten when the collector starts again: a second run', async () => {
    const first = await startCollector({ credentialsPath: credentials.path });
    const started = await start('k', { url: first.url });
    await first.kill();
    const next = await startCollector({
      credentialsPath: credentials.path,
      dataDirectory: first.dataDirectory,
    });
    const again = await start('k', { url: next.url });
    expect(again.status).toBe(201);
    expect(again.json.run.id).not.toBe(started.json.run.id);
  });
});

describe('the SDK, where answers of the issuer are lost', () => {
  it('starts one run, and goes on in it, verified', async () => {
    const proxy = await startLosingProxy(collector.url);
    proxy.toLose = 2;
    const before = await recorded();
    const program = `
      import { run, shutdown } from '@whence/sdk';
      await run({ job: 'nightly-lost', trigger: 'schedule' }, ({ runId, assurance }) =>
        process.stdout.write(JSON.stringify({ runId, assurance })));
      await shutdown();`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', '@whence/sdk/register', '--input-type=module', '-e', program],
      {
        env: {
          PATH: process.env['PATH'],
          NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
          WHENCE_ISSUER_URL: proxy.url,
          WHENCE_KEY: credentials.keys['scheduler'],
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        },
      },
    );
    const { runId, assurance } = JSON.parse(stdout);
    expect(assurance).toBe('verified');
    expect(proxy.lost.map((text) => JSON.parse(text).run.id)).toEqual([runId, runId]);
    const { json } = await askIssuer(collector.url, credentials.keys['scheduler'], `/v1/runs/${runId}`);
    expect(json.run).toMatchObject({ job: 'nightly-lost', outcome: 'success' });
    // Its start and its end.
    expect((await recorded()) - before).toBe(2);
  });
});
