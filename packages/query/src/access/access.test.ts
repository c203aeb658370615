import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Problem } from '../api/problem.ts';
import { type AskedService, type Got, startAskedService } from '../asked-service.fixture.ts';
import { bearer, type WrittenCredentials, writeCredentials } from './credentials-file.fixture.ts';

let asked: AskedService;
let written: WrittenCredentials;

beforeAll(async () => {
  written = writeCredentials({
    grafana: { role: 'reader' },
    revisor: { role: 'auditor' },
    billing: {},
    both: { role: 'reader', sends: true },
  });
  asked = await startAskedService(() => ({ credentials: written.file }));
});

afterAll(async () => {
  await asked?.remove();
  written?.remove();
});

const as = (who: string, path = '/v1/actions'): Promise<Got<Problem>> =>
  asked.get(path, bearer(written.keys[who]));

/** As a browser or a proxy on this machine asks: `fetch` sets these headers by itself. */
const statusWith = (headers: Readonly<Record<string, string>>): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(`${asked.service.url}/v1/actions`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject).end();
  });

describe('nobody known', () => {
  test('401 says what to send, and calls nothing an error', async () => {
    const { status, headers, body } = await asked.get<Problem>('/v1/actions');
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
    expect(body.detail).toContain('Authorization: Bearer');
    expect(headers.get('www-authenticate')).toBe('Bearer realm="whence"');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test.each([
    ['an unknown key', `Bearer whk_nobody_${'A'.repeat(43)}`],
    ['a wrong secret', `Bearer whk_grafana_${'A'.repeat(43)}`],
    ['another scheme', 'Basic Z3JhZmFuYTp4'],
    ['no key', 'Bearer'],
    ['a token of nobody', 'Bearer e30.e30.e30'],
  ])('401 invalid_token with %s, whichever it is', async (_, authorization) => {
    const { status, headers, body } = await asked.get<Problem>('/v1/actions', { authorization });
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
    expect(headers.get('www-authenticate')).toBe(
      'Bearer realm="whence", error="invalid_token", error_description="the key is not one of the credentials file"',
    );
    expect(body.detail).not.toContain('A'.repeat(43));
  });

  test('is let in neither by address nor by body, and finds what is for anyone', async () => {
    expect((await asked.get(`/v1/actions?authorization=${written.keys['grafana']}`)).status).toBe(401);
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/metrics']) {
      expect([path, (await asked.get(path)).status]).toEqual([path, 200]);
    }
    expect((await asked.get('/v1/nothing')).status).toBe(404);
  });
});

describe('somebody known', () => {
  test('reads with a role, and does not without', async () => {
    expect((await as('grafana')).status).toBe(200);
    expect((await as('both')).status).toBe(200);
    const { status, headers, body } = await as('billing');
    expect([status, body.code]).toEqual([403, 'forbidden']);
    expect(body.detail).toBe(
      'k8s://test/billing may send, not ask: its entry in the credentials file has no role.',
    );
    expect(headers.get('www-authenticate')).toBe(
      'Bearer realm="whence", error="insufficient_scope", scope="reader"',
    );
  });

  test('is told which role is needed', async () => {
    expect((await as('revisor', '/v1/queries')).status).toBe(200);
    const { status, headers, body } = await as('grafana', '/v1/queries');
    expect([status, body.code]).toEqual([403, 'forbidden']);
    expect(body.detail).toBe('k8s://test/grafana is a reader: GET /v1/queries is for the role auditor.');
    expect(headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="auditor"');
  });
});

describe('whoever asks from this machine without a credential', () => {
  test('reads where the file says so, and no more', async () => {
    written.rewrite({ loopback: { role: 'reader' } });
    expect((await asked.get('/v1/actions')).status).toBe(200);
    expect((await asked.get<Problem>('/v1/queries')).body.code).toBe('forbidden');
    expect((await asked.get('/v1/actions', bearer(`whk_grafana_${'A'.repeat(43)}`))).status).toBe(401);
    expect((await as('billing')).status).toBe(403);
  });

  test('is not whoever comes through a proxy, or a page of somebody else in a browser', async () => {
    const port = new URL(asked.service.url).port;
    expect(await statusWith({ host: `localhost:${port}` })).toBe(200);
    expect(await statusWith({ host: `[::1]:${port}` })).toBe(200);
    for (const headers of [
      { host: `rebound.example:${port}` },
      { host: 'whence.example' },
      { 'x-forwarded-for': '127.0.0.1' },
      { forwarded: 'for=10.0.0.1' },
      { via: '1.1 proxy' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      expect([headers, await statusWith(headers as Record<string, string>)]).toEqual([headers, 401]);
    }
    written.rewrite({});
    expect((await asked.get('/v1/actions')).status).toBe(401);
  });
});

test('a file that is changed counts at once; one with a fault changes nothing', async () => {
  expect((await as('grafana')).status).toBe(200);
  written.rewrite({ keys: 7 });
  expect((await as('grafana')).status).toBe(200);
  written.rewrite({ keys: [], loopback: { role: 'auditor', tenant: 'default' } });
  expect((await as('grafana')).status).toBe(401);
  expect((await asked.get('/v1/queries')).status).toBe(200);
  written.rewrite({});
  expect((await as('grafana')).status).toBe(200);
});

test('/metrics counts who was refused and why, and names no key', async () => {
  const { text } = await asked.get('/metrics');
  expect(text).toMatch(/whence_query_requests_refused_total\{reason="missing"\} \d+/);
  expect(text).toMatch(/whence_query_requests_refused_total\{reason="unknown"\} \d+/);
  expect(text).toMatch(/whence_query_requests_refused_total\{reason="sends_only"\} \d+/);
  expect(text).toMatch(/whence_query_requests_total\{route="\/v1\/actions",status="200"\} \d+/);
  expect(text).not.toContain('whk_');
});
