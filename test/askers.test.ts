import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newKey } from '@whence/identity';
import { beforeAll, describe, expect, it } from 'vitest';
import { newAuthority } from './stage/certificates.ts';
import { type CollectorProcess, startCollector, storeOpen } from './stage/collector-process.ts';
import { bearer } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { exportOverGrpc } from './stage/grpc-call.ts';
import { askIssuer } from './stage/issuer-client.ts';
import { newSpan } from './stage/otlp-request.ts';
import { exchange, postProtobuf } from './stage/post.ts';
import { startQuery } from './stage/query-process.ts';
import type { ServiceProcess } from './stage/service-process.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';
import { startTokenIssuer, type TokenIssuer } from './stage/token-issuer.ts';

const PERMISSION_DENIED = 7;
const directory = temporaryDirectory();
const sender = newKey('billing');
const reader = newKey('grafana');
const authority = newAuthority('acme');

let issuer: TokenIssuer;
let store: StoreProcess;
let database: string;
let collector: CollectorProcess;
let query: ServiceProcess;

const credentialsFor = (of: TokenIssuer, name: string): string => {
  const path = join(directory, name);
  const file = {
    trustDomain: 'example.com',
    keys: [
      { id: 'billing', hash: sender.hash, actor: 'k8s://prod/billing' },
      { id: 'grafana', hash: reader.hash, actor: 'k8s://prod/grafana', role: 'reader' },
    ],
    issuers: [
      {
        issuer: of.url,
        audience: ['whence', 'whence-query'],
        workloads: [
          { claims: { groups: 'whence-admins' }, actor: 'user:{email}', role: 'admin' },
          { claims: { groups: 'whence-*' }, actor: 'user:{email}', role: 'reader' },
          { subject: 'system:serviceaccount:*', actor: 'k8s://prod/{+sub}' },
        ],
      },
    ],
    certificates: [{ san: 'spiffe://acme/auditor', role: 'auditor' }],
  };
  writeFileSync(path, JSON.stringify(file));
  return path;
};

const DANA = { email: 'dana@example.com', groups: ['staff', 'whence-admins'], aud: 'whence-query' };
const EVE = { ...DANA, email: 'eve@example.com', groups: ['whence-readers'] };

const get = (path: string, token?: string) =>
  fetch(query.url + path, { headers: token === undefined ? {} : bearer(token) });
const problemOf = async (response: Response) => ({
  status: response.status,
  code: ((await response.json()) as { code: string }).code,
  says: response.headers.get('www-authenticate'),
});

beforeAll(async () => {
  issuer = await startTokenIssuer();
  store = await startStore();
  database = store.newDatabase();
  const credentialsPath = credentialsFor(issuer, 'whence.yaml');
  collector = await startCollector({ storeUrl: store.url, database, credentialsPath });
  query = await startQuery(store.url, database, { WHENCE_CONFIG: credentialsPath });
  await storeOpen(collector.url);
});

describe('who sends does not ask, who asks does not send', () => {
  it.each([
    ['key', () => reader.key],
    ['token', () => issuer.token('dana', DANA)],
  ])('the %s of an asker is refused by the collector: 403, PERMISSION_DENIED', async (_, token) => {
    const http = await postProtobuf(collector.url, [newSpan()], bearer(token()));
    expect([http.status, http.headers['www-authenticate']]).toEqual([403, undefined]);
    const grpc = await exportOverGrpc(collector.grpcAddress!, [newSpan()], bearer(token()));
    expect([grpc.code, grpc.message]).toEqual([
      PERMISSION_DENIED,
      expect.stringContaining('may ask, not send'),
    ]);
    const run = await askIssuer(collector.url, token(), '/v1/runs', { job: 'nightly' });
    expect(run).toMatchObject({ status: 403, json: { code: 'may_not_send' } });
  });

  it.each([
    ['key', () => sender.key],
    ['token', () => issuer.token('system:serviceaccount:prod:billing')],
  ])('the %s of a sender is refused by the query service', async (_, token) => {
    expect((await postProtobuf(collector.url, [newSpan()], bearer(token()))).status).toBe(200);
    expect(await problemOf(await get('/v1/actions', token()))).toEqual({
      status: 403,
      code: 'forbidden',
      says: 'Bearer realm="whence", error="insufficient_scope", scope="reader"',
    });
  });
});

describe('a token', () => {
  it('has the role of the first group of the file that it is in', async () => {
    expect((await get('/v1/queries', issuer.token('dana', DANA))).status).toBe(200);
    expect((await get('/v1/actions', issuer.token('eve', EVE))).status).toBe(200);
    expect((await get('/v1/queries', issuer.token('eve', EVE))).status).toBe(403);
  });

  it.each([
    ['another audience', { ...DANA, aud: 'grafana' }, 'the token is for another audience'],
    ['past its time', { ...DANA, exp: 1_700_000_000 }, 'the token has expired: get a new one'],
    [
      'nobody’s group',
      { ...DANA, groups: ['staff'] },
      'the token is good, but no workload of the issuer fits it',
    ],
    ['no group', { ...DANA, groups: undefined }, 'the token is good, but no workload of the issuer fits it'],
  ])('of %s gets 401 that says so', async (_, claims, why) => {
    const { status, code, says } = await problemOf(await get('/v1/actions', issuer.token('dana', claims)));
    expect([status, code]).toEqual([401, 'unauthenticated']);
    expect(says).toContain(`error="invalid_token", error_description="${why}`);
  });

  it('that cannot be checked, since its issuer is away, gets 503 and never 401', async () => {
    const late = await startTokenIssuer();
    late.away = true;
    const other = await startQuery(store.url, database, {
      WHENCE_CONFIG: credentialsFor(late, 'late.yaml'),
    });
    const headers = bearer(late.token('dana', DANA));
    const response = await fetch(`${other.url}/v1/actions`, { headers });
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'issuer_unavailable' }]);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${other.url}/v1/actions`, { headers: bearer(reader.key) })).status).toBe(200);
    late.away = false;
    await eventually(async () => (await fetch(`${other.url}/v1/actions`, { headers })).status === 200);
  });

  it('is in no log, no metrics and no record', async () => {
    const token = issuer.token('dana', { ...DANA, jti: 'once' });
    const response = await get(`/v1/actions?token=${token}&key=${reader.key}`, token);
    expect(response.status).toBe(400);
    const id = response.headers.get('whence-query-id');
    await eventually(
      async () => (await store.rows(database, `SELECT 1 FROM otel_traces WHERE SpanId = '${id}'`)).length,
    );
    const rows = await store.rows(database, `SELECT * FROM otel_traces WHERE SpanId = '${id}'`);
    const said = query.printed() + JSON.stringify(rows) + (await (await get('/metrics')).text());
    for (const part of [...token.split('.'), reader.key]) expect(said).not.toContain(part);
  });
});

it('a client certificate asks, over TLS', async () => {
  const server = authority.issue({ names: ['IP:127.0.0.1'], purpose: 'server' });
  const client = authority.issue({ names: ['URI:spiffe://acme/auditor'], purpose: 'client' });
  const files = { 'ca.pem': authority.cert, 'server.pem': server.cert, 'server.key': server.key };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const secure = await startQuery(store.url, database, {
    WHENCE_CONFIG: join(directory, 'whence.yaml'),
    WHENCE_TLS_CERT: join(directory, 'server.pem'),
    WHENCE_TLS_KEY: join(directory, 'server.key'),
    WHENCE_TLS_CLIENT_CA: join(directory, 'ca.pem'),
  });
  expect(secure.url).toMatch(/^https:/);
  const tls = { ca: authority.cert };
  const asked = (more: object) =>
    exchange(`${secure.url}/v1/queries`, { method: 'GET', tls: { ...tls, ...more } });
  expect((await asked(client)).status).toBe(200);
  expect((await asked({})).status).toBe(401);
});

it('what was answered is in the record, whatever happens to the process then: kill -9, and the store away', async () => {
  const dataDirectory = temporaryDirectory();
  const environment = { WHENCE_CONFIG: join(directory, 'whence.yaml'), WHENCE_QUERY_DATA_DIR: dataDirectory };
  const first = await startQuery(store.url, database, environment);
  const ids = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      const response = await fetch(`${first.url}/v1/actions?limit=${at + 1}`, {
        headers: bearer(reader.key),
      });
      await response.text();
      return response.headers.get('whence-query-id');
    }),
  );
  await first.kill();
  const second = await startQuery(store.url, database, environment);
  const list = ids.map((id) => `'${id}'`).join(',');
  const select = `SELECT SpanId, count() AS times FROM otel_traces WHERE SpanId IN (${list}) GROUP BY SpanId`;
  await eventually(async () => (await store.rows(database, select)).length === ids.length);
  expect(await store.rows<{ times: string }>(database, select)).toEqual(
    ids.map(() => expect.objectContaining({ times: expect.toSatisfy((times) => Number(times) === 1) })),
  );
  await second.stop();
});
