import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Action } from '@whence/model';
import { openStore, type RecordedQuery } from '@whence/store';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bearer, type WrittenCredentials, writeCredentials } from '../access/credentials-file.fixture.ts';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { newCounters } from '../counters.ts';
import { exampleGraph } from '../example-graph.fixture.ts';
import type { WhoAnswer } from '../index.ts';
import { insertGraph } from '../lineage/graph.fixture.ts';
import { startQuery } from '../query-service.ts';
import { openTemporaryStore } from '../temporary-store.fixture.ts';
import { openQueryRecorder, type QueryRecorder } from './query-recorder.ts';

const logger = pino({ level: 'silent' });
const counters = newCounters();
const directory = mkdtempSync(join(tmpdir(), 'whence-query-'));
const UPDATE = '/v1/who?span=e000000000000004';
const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };

let asked: AskedService;
let recorder: QueryRecorder;
let written: WrittenCredentials;

beforeAll(async () => {
  written = writeCredentials({
    dana: { role: 'auditor', actor: 'user:dana@example.com' },
    grafana: { role: 'reader' },
    other: { role: 'auditor', tenant: 'other' },
    billing: {},
  });
  asked = await startAskedService(async ({ store }) => {
    recorder = await openQueryRecorder({
      ...{ directory: join(directory, 'a'), maxBytes: 1 << 20, store },
      ...{ tenantOfNobody: 'default', counters, logger },
    });
    return { credentials: written.file, recorder, counters };
  });
  await insertGraph(asked.temporary.store, exampleGraph);
});

afterAll(async () => {
  await recorder?.close();
  await asked?.remove();
  written?.remove();
  rmSync(directory, { recursive: true, force: true });
});

const as = <Body>(who: string, path: string, headers: Readonly<Record<string, string>> = {}) =>
  asked.get<Body>(path, { ...bearer(written.keys[who]), ...headers });

const queries = async (parameters = '', who = 'dana'): Promise<readonly RecordedQuery[]> =>
  (await as<{ queries: RecordedQuery[] }>(who, `/v1/queries?limit=1000${parameters}`)).body.queries;

/** Once it has come to the store. */
const queryOf = (spanId: string | null, who = 'dana'): Promise<RecordedQuery> =>
  expect
    .poll(async () => (await queries('', who)).find((query) => query.spanId === spanId), { timeout: 10_000 })
    .toBeDefined()
    .then(async () => (await queries('', who)).find((query) => query.spanId === spanId)!);

describe('a question that was answered', () => {
  test('is an action of whoever asked: found among actions, and explained by who', async () => {
    const { status, headers } = await as('dana', UPDATE);
    const id = headers.get('whence-query-id');
    expect([status, id]).toEqual([200, expect.stringMatching(/^[0-9a-f]{16}$/)]);
    expect(headers.get('traceresponse')).toMatch(new RegExp(`^00-[0-9a-f]{32}-${id}-01$`));
    await queryOf(id);

    const found = await as<{ actions: Action[] }>(
      'dana',
      '/v1/actions?system=whence&operation=query&limit=1000',
    );
    expect(found.body.actions.find(({ spanId }) => spanId === id)).toMatchObject({
      service: 'whence-query',
      name: 'GET /v1/who',
      kind: 'server',
      statement: `GET ${UPDATE}`,
      target: 'whence://query/v1/who',
      status: 'unset',
      principal: { id: 'user:dana@example.com', kind: 'human' },
      authority: { kind: 'policy', id: 'policy:whence-query/auditor' },
      assurance: 'verified',
      actor: 'urn:whence:query',
    });
    const who = (await as<WhoAnswer>('dana', `/v1/who?span=${id}`)).body;
    expect(who.sentence).toMatch(
      /^`GET \/v1\/who\?span=e000000000000004` on .* by whence-query at .* was caused by user:dana@example.com \(human, verified\), allowed by policy:whence-query\/auditor\.$/,
    );
    expect(who.principal).toMatchObject({ id: 'user:dana@example.com', assurance: 'verified' });
    expect(who.principal?.how).toContain('authenticated whoever asked');
    expect(who.run).toBeUndefined();
  });

  test('says what was given, to whom, from where, for whom', async () => {
    const { headers } = await as('grafana', '/v1/actions?limit=3', {
      'user-agent': 'Grafana/13',
      'x-forwarded-for': '10.1.2.3',
      traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`,
      tracestate: 'whence=AZOk1d9FcBqXh0m2n3o4pQ.k1.Q2hhbGxlbmdlMTIz',
    });
    const query = await queryOf(headers.get('whence-query-id'));
    expect(query).toMatchObject({
      principal: { id: 'k8s://test/grafana', kind: 'workload' },
      assurance: 'verified',
      role: 'reader',
      method: 'GET',
      route: '/v1/actions',
      request: 'GET /v1/actions?limit=3',
      status: 200,
      rows: 3,
      client: '127.0.0.1',
      forwardedFor: '10.1.2.3',
      userAgent: 'Grafana/13',
      caller: CALLER,
    });
    expect(query.traceId).not.toBe(CALLER.traceId);
    expect(query.durationNanos).toBeGreaterThan(0);
  });

  test('is in no tree: a run has the actions that it had', async () => {
    const run = '/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10';
    const before = (await as<{ totals: object }>('dana', run)).body.totals;
    const link = { traceparent: '00-f0000000000000000000000000000000-e000000000000001-01' };
    const { headers } = await as('dana', run, link);
    await queryOf(headers.get('whence-query-id'));
    expect((await as<{ totals: object }>('dana', run)).body.totals).toEqual(before);
    const tree = await as('dana', `${run}/tree`);
    expect(tree.text).not.toContain(headers.get('whence-query-id'));
  });

  test('that found nothing, or could not be read, is recorded with what was answered', async () => {
    const missing = await as('dana', '/v1/who?span=00000000000000ff');
    const bad = await as('dana', `/v1/who?span=7&token=${written.keys['dana']}`);
    expect([missing.status, bad.status]).toEqual([404, 400]);
    expect(await queryOf(missing.headers.get('whence-query-id'))).toMatchObject({
      status: 404,
      problem: 'unknown_span',
    });
    expect(await queryOf(bad.headers.get('whence-query-id'))).toMatchObject({
      status: 400,
      request: 'GET /v1/who?span=7&token=…',
    });
  });
});

describe('a question that was refused', () => {
  test('is recorded: of somebody known, and of nobody', async () => {
    const forbidden = await as('grafana', '/v1/queries');
    const unknown = await asked.get('/v1/actions?text=secret', bearer(`whk_grafana_${'A'.repeat(43)}`));
    expect(await queryOf(forbidden.headers.get('whence-query-id'))).toMatchObject({
      principal: { id: 'k8s://test/grafana' },
      status: 403,
      problem: 'forbidden',
    });
    const { principal, assurance, status } = await queryOf(unknown.headers.get('whence-query-id'));
    expect([principal, assurance, status]).toEqual([undefined, 'none', 401]);
  });

  test('too many times is counted, and one entry says how many', async () => {
    for (let at = 0; at < 6; at++) {
      await Promise.all(Array.from({ length: 50 }, () => asked.get('/v1/actions')));
    }
    const { text } = await asked.get('/metrics');
    const dropped = Number(/records_dropped_total\{reason="too_many"\} (\d+)/.exec(text)?.[1]);
    expect(dropped).toBeGreaterThan(50);
    await expect
      .poll(async () => (await queries()).reduce((sum, query) => sum + (query.dropped ?? 0), 0), {
        timeout: 20_000,
        interval: 500,
      })
      .toBe(dropped);
  }, 40_000);
});

test('HEAD and lists in other forms are held back and recorded like any answer', async () => {
  const headers = bearer(written.keys['grafana']);
  const head = await fetch(`${asked.service.url}${UPDATE}`, { method: 'HEAD', headers });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect(await queryOf(head.headers.get('whence-query-id'))).toMatchObject({ method: 'HEAD', rows: 4 });
  const lines = await as('grafana', '/v1/actions?limit=2', { accept: 'application/x-ndjson' });
  expect(lines.text.trim().split('\n')).toHaveLength(2);
  expect(await queryOf(lines.headers.get('whence-query-id'))).toMatchObject({ rows: 2 });
});

test('what tells nothing of the record is not recorded', async () => {
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/v1/nothing']) {
    expect([path, (await asked.get(path)).headers.get('whence-query-id')]).toEqual([path, null]);
  }
});

test('pages and filters of /v1/queries', async () => {
  const all = await queries('&to=2100-01-01T00:00:00Z');
  const first = await as<{ queries: RecordedQuery[]; next: string }>('dana', '/v1/queries?limit=2');
  const second = await as<{ queries: RecordedQuery[] }>(
    'dana',
    `/v1/queries?limit=2&cursor=${first.body.next}`,
  );
  const [newest] = first.body.queries;
  expect(newest!.at >= second.body.queries[0]!.at).toBe(true);
  expect(all.map(({ at }) => at)).toEqual(
    all
      .map(({ at }) => at)
      .sort()
      .reverse(),
  );
  const ofGrafana = await queries('&principal=k8s://test/grafana&path=/v1/actions');
  expect(ofGrafana.length).toBeGreaterThan(0);
  expect(ofGrafana.every(({ route }) => route === '/v1/actions')).toBe(true);
  const csv = await as('dana', '/v1/queries?limit=1', { accept: 'text/csv' });
  expect(csv.text).toMatch(/^at,principal\.id,/);
});

test('a tenant sees its own, and a sender cannot write one', async () => {
  const { headers } = await as('other', '/v1/actions');
  const own = await queryOf(headers.get('whence-query-id'), 'other');
  expect(own.principal?.id).toBe('k8s://test/other');
  expect((await queries('', 'other')).every(({ principal }) => principal?.id === 'k8s://test/other')).toBe(
    true,
  );
  expect((await queries()).some(({ spanId }) => spanId === own.spanId)).toBe(false);
});

describe('while nothing can be recorded', () => {
  test('nothing is answered, and refusals are', async () => {
    const recording = await openQueryRecorder({
      ...{ directory: join(directory, 'b'), maxBytes: 1, store: asked.temporary.store },
      ...{ tenantOfNobody: 'default', counters, logger },
    });
    const service = await startQuery({ ...asked.options, recorder: recording });
    const get = (who?: string) =>
      fetch(`${service.url}${UPDATE}`, { headers: who === undefined ? {} : bearer(written.keys[who]) });
    // The first one fills it.
    expect((await get('dana')).status).toBe(200);
    const response = await get('dana');
    const text = await response.text();
    expect([response.status, JSON.parse(text).code]).toEqual([503, 'record_unavailable']);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(response.headers.get('whence-query-id')).toBeNull();
    expect(text).not.toContain('invoices');
    expect((await get()).status).toBe(401);
    await service.close();
    await recording.close();
  });
});

describe('while the store is away', () => {
  test('what was asked waits on disk, and comes into the store with the next start', async () => {
    const path = join(directory, 'c');
    const options = { directory: path, maxBytes: 1 << 20, tenantOfNobody: 'default', counters, logger };
    const elsewhere = await openTemporaryStore();
    const away = await openStore({ url: elsewhere.url });
    await elsewhere.remove();
    const first = await openQueryRecorder({ ...options, store: away });
    const service = await startQuery({ ...asked.options, recorder: first });
    const { headers, status } = await fetch(`${service.url}${UPDATE}`, {
      headers: bearer(written.keys['dana']),
    });
    expect(status).toBe(200);
    const id = headers.get('whence-query-id');
    await service.close();
    await first.close();
    expect(readdirSync(join(path, 'spool', 'otel_traces')).length).toBeGreaterThan(0);
    expect((await queries()).some(({ spanId }) => spanId === id)).toBe(false);

    const second = await openQueryRecorder({ ...options, store: asked.temporary.store });
    await queryOf(id);
    await second.close();
    await away.close();
    expect((await queries()).filter(({ spanId }) => spanId === id).length).toBe(1);
  }, 30_000);
});
