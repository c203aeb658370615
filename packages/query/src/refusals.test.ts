import { openStore } from '@whence/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Problem } from './api/problem.ts';
import { type AskedService, startAskedService } from './asked-service.fixture.ts';
import { insertGraph, timeAt } from './lineage/graph.fixture.ts';
import { graph, nightly, update } from './nightly-graph.fixture.ts';
import { startQuery } from './query-service.ts';
import { openTemporaryStore } from './temporary-store.fixture.ts';

let asked: AskedService;
let get: AskedService['get'];

beforeAll(async () => {
  asked = await startAskedService();
  get = asked.get;
  await insertGraph(asked.temporary.store, graph);
});

afterAll(() => asked?.remove());

describe('what cannot be answered', () => {
  test.each([
    ['/v1/who', 'span'],
    ['/v1/who?span=', 'span'],
    ['/v1/who?span=abc', 'span'],
    [`/v1/who?span=${'g'.repeat(16)}`, 'span'],
    [`/v1/who?trace=${'a'.repeat(31)}`, 'trace'],
    [`/v1/who?run=${nightly.id}&span=${update.spanId}`, 'run'],
    [`/v1/who?span=${update.spanId}&span=${update.spanId}`, 'span'],
    ['/v1/who?run=7', 'run'],
    ['/v1/who?run=6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'run'],
    [`/v1/who?span=${update.spanId}&at=now`, 'at'],
    ['/v1/runs/7', 'id'],
    ['/v1/runs/7/tree', 'id'],
    [`/v1/runs/${nightly.id}/tree?limit=0`, 'limit'],
    [`/v1/runs/${nightly.id}/tree?limit=1000000000`, 'limit'],
    [`/v1/runs/${nightly.id}/tree?depth=-1`, 'depth'],
    [`/v1/runs/${nightly.id}/tree?depth=1e3`, 'depth'],
    ['/v1/actions?limit=1001', 'limit'],
    ['/v1/actions?limit=NaN', 'limit'],
    ['/v1/actions?from=yesterday', 'from'],
    ['/v1/actions?from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z', 'to'],
    ['/v1/actions?from=1026-03-01T00:00:00Z', 'from'],
    ['/v1/actions?cursor=abc', 'cursor'],
    ['/v1/actions?assurance=sure', 'assurance'],
    ['/v1/actions?status=200', 'status'],
    ['/v1/actions?service=', 'service'],
    ['/v1/actions?text=%00', 'text'],
    [`/v1/actions?text=${'x'.repeat(1001)}`, 'text'],
    ['/v1/actions?tenant=other', 'tenant'],
    ['/v1/actions?service[x]=1', 'service[x]'],
    ['/v1/actions?__proto__=1', '__proto__'],
  ])('400 names the field: %s', async (path, field) => {
    const { status, headers, body } = await get<Problem>(path);
    expect([status, body]).toMatchObject([400, { status: 400, code: 'bad_parameter', field }]);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body.detail).toContain(field);
  });

  test.each([
    ['/v1/who?span=00000000000000ff', 'unknown_span', '00000000000000ff'],
    [`/v1/who?trace=${'0'.repeat(31)}f`, 'unknown_trace', `${'0'.repeat(31)}f`],
    [
      '/v1/who?run=01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
      'unknown_run',
      '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
    ],
    ['/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10', 'unknown_run', '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10'],
    [
      '/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10/tree',
      'unknown_run',
      '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
    ],
  ])('404 says what was looked for, and since when there are records: %s', async (path, code, looked) => {
    const { status, body } = await get<Problem>(path);
    expect([status, body.code]).toEqual([404, code]);
    expect(body.detail).toContain(looked);
    expect(body.detail).toContain(timeAt(60_000));
  });

  test('other addresses and methods', async () => {
    expect(await get('/v2/who')).toMatchObject({ status: 404, body: { code: 'unknown_path' } });
    expect(await get('/v1/runs/%zz')).toMatchObject({ status: 400, body: { code: 'bad_parameter' } });
    const response = await fetch(`${asked.service.url}/v1/actions`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('injections find nothing', async () => {
    for (const evil of [
      "' OR 1=1 --",
      "\\' OR '1",
      '{tenant:String}',
      '\\',
      '"',
      'x) OR (1=1',
      '%',
      '🦆',
      '\u2028',
    ]) {
      // Compared whole, as how a text begins, as a part of it.
      for (const name of ['principal', 'target', 'text']) {
        const found = await get(`/v1/actions?${new URLSearchParams({ [name]: evil })}`);
        expect([name, evil, found.status, found.body]).toEqual([name, evil, 200, { actions: [] }]);
      }
    }
  });
});

describe('the service', () => {
  test('is alive and ready, and tells nothing of itself', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    const ready = await get('/readyz');
    expect(ready).toMatchObject({ status: 200, body: { status: 'ready' } });
    expect(ready.headers.get('x-powered-by')).toBeNull();
    expect(ready.headers.get('cache-control')).toBe('no-store');
  });

  test('a port in use is named', async () => {
    const port = Number(new URL(asked.service.url).port);
    await expect(startQuery({ ...asked.options, port })).rejects.toMatchObject({
      code: 'cannot_listen',
      message: `cannot listen on 127.0.0.1:${port}: the port is in use`,
    });
  });

  test('503 and when to ask again, while the store is away', async () => {
    const other = await openTemporaryStore();
    const away = await openStore({ url: other.url });
    await other.remove();
    const lonely = await startQuery({ ...asked.options, store: away });
    for (const path of [
      '/readyz',
      '/v1/actions',
      `/v1/who?span=${update.spanId}`,
      `/v1/runs/${nightly.id}`,
    ]) {
      const response = await fetch(lonely.url + path);
      const problem = (await response.json()) as Problem;
      expect([path, response.status, problem.code]).toEqual([path, 503, 'store_unavailable']);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(problem.detail).not.toContain(other.url);
    }
    expect((await fetch(`${lonely.url}/healthz`)).status).toBe(200);
    await lonely.close();
    await away.close();
  });
});
