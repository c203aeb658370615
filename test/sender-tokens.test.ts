import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { newAuthority } from './stage/certificates.ts';
import { type CollectorProcess, metricOf, startCollector } from './stage/collector-process.ts';
import { bearer } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { exportOverGrpc } from './stage/grpc-call.ts';
import { askIssuer } from './stage/issuer-client.ts';
import { drained } from './stage/ledger.ts';
import { newSpan, rpcStatusOf } from './stage/otlp-request.ts';
import { postJson, postProtobuf } from './stage/post.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';
import { temporaryDirectory } from './stage/take-down.ts';
import { startTokenIssuer, type TokenIssuer } from './stage/token-issuer.ts';

/** google.rpc.Code */
const UNAUTHENTICATED = 16;
const UNAVAILABLE = 14;
const BILLING = 'system:serviceaccount:prod:billing';
const PRINCIPAL = 'k8s://prod/jobs/nightly';

let store: StoreProcess;
let database: string;
let issuer: TokenIssuer;
let collector: CollectorProcess;

const credentialsFor = ({ url }: TokenIssuer, fields = ''): string => {
  const path = join(temporaryDirectory(), 'whence.yaml');
  writeFileSync(
    path,
    `
trustDomain: bank.example
issuers:
  - issuer: ${url}
    audience: whence
    ${fields}
    workloads:
      - subject: system:serviceaccount:prod:*
        tenant: acme
        actor: k8s://prod/{kubernetes.io/serviceaccount/name}
        grants:
          - principal: { id: '${PRINCIPAL}', kind: scheduler }
            authority: policy:nightly@3
`,
  );
  return path;
};

const KUBERNETES = { 'kubernetes.io': { namespace: 'prod', serviceaccount: { name: 'billing' } } };

beforeAll(async () => {
  store = await startStore();
  database = store.newDatabase();
  issuer = await startTokenIssuer();
  collector = await startCollector({
    storeUrl: store.url,
    database,
    credentialsPath: credentialsFor(issuer),
  });
});

const storedSender = async (spanId: string): Promise<unknown> => {
  await drained(collector.url);
  const rows = await store.rows(
    database,
    `SELECT Actor, TenantId FROM otel_traces WHERE SpanId = '${spanId}'`,
  );
  return rows;
};

describe('a token of the workload’s own platform', () => {
  it('says who sends, over HTTP and gRPC', async () => {
    const token = bearer(issuer.token(BILLING, KUBERNETES));
    const [protobuf, json, grpc] = [newSpan(), newSpan(), newSpan()];
    expect((await postProtobuf(collector.url, [protobuf], token)).status).toBe(200);
    expect((await postJson(collector.url, [json], token)).status).toBe(200);
    expect(await exportOverGrpc(collector.grpcAddress!, [grpc], token)).toMatchObject({ code: 0 });
    for (const { spanId } of [protobuf, json, grpc]) {
      expect(await storedSender(spanId)).toEqual([{ Actor: 'k8s://prod/billing', TenantId: 'acme' }]);
    }
  });

  it('starts the runs that its workload may start, and ends them', async () => {
    const token = issuer.token(BILLING, KUBERNETES);
    const { status, json } = await askIssuer(collector.url, token, '/v1/runs', { job: 'nightly' });
    expect(status).toBe(201);
    expect(json.run).toMatchObject({
      principal: { id: PRINCIPAL },
      actor: 'k8s://prod/billing',
      tenant: 'acme',
      authority: { id: 'policy:nightly@3' },
    });
    // Tokens are renewed while a run goes on: it is the actor that counts.
    const renewed = issuer.token(BILLING, { ...KUBERNETES, jti: 'renewed' });
    const ended = await askIssuer(collector.url, renewed, `/v1/runs/${json.run.id}/end`, {
      outcome: 'success',
    });
    expect(ended.status).toBe(200);
  });

  it('of an API server, which has its own CA and wants to know who asks', async () => {
    const authority = newAuthority('cluster');
    const server = await startTokenIssuer(authority.issue({ names: ['IP:127.0.0.1'], purpose: 'server' }));
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'ca.crt'), authority.cert);
    writeFileSync(join(directory, 'token'), 'ours\n');
    const ca = `jwksCa: ${directory}/ca.crt`;
    const known = `jwksBearerFile: ${directory}/token`;
    const token = bearer(server.token(BILLING, KUBERNETES));
    for (const [fields, status] of [
      [`${ca}\n    ${known}`, 200],
      [ca, 503],
      [known, 503],
    ] as const) {
      const other = await startCollector({ credentialsPath: credentialsFor(server, fields) });
      expect((await postProtobuf(other.url, [newSpan()], token)).status).toBe(status);
    }
  });

  it('goes on when the issuer changes its keys', async () => {
    issuer.rotate();
    const token = bearer(issuer.token(BILLING, KUBERNETES));
    expect((await postProtobuf(collector.url, [newSpan()], token)).status).toBe(200);
  });
});

describe('a token that does not count', () => {
  const past = Math.floor(Date.now() / 1000) - 600;
  it.each<[string, () => string, RegExp]>([
    ['has expired', () => issuer.token(BILLING, { ...KUBERNETES, exp: past }), /expired/],
    ['is for another audience', () => issuer.token(BILLING, { ...KUBERNETES, aud: 'other' }), /audience/],
    ['is of another issuer', () => issuer.token(BILLING, { ...KUBERNETES, iss: 'x' }), /issuer/],
    ['is of nobody', () => issuer.token('system:serviceaccount:test:billing', KUBERNETES), /test:billing/],
    ['lacks what its actor is made of', () => issuer.token(BILLING), /serviceaccount\/name/],
    [
      'is not signed',
      () => `${issuer.token(BILLING, KUBERNETES).split('.').slice(0, 2).join('.')}.`,
      /signature/,
    ],
  ])('%s: 401 and UNAUTHENTICATED, which say so', async (_, make, why) => {
    const token = make();
    const http = await postProtobuf(collector.url, [newSpan()], bearer(token));
    expect(http).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    const { code, message } = rpcStatusOf(http.headers['content-type'], http.body);
    expect({ code, message }).toEqual({ code: UNAUTHENTICATED, message: expect.stringMatching(why) });
    const grpc = await exportOverGrpc(collector.grpcAddress!, [newSpan()], bearer(token));
    expect(grpc).toMatchObject({ code: UNAUTHENTICATED, message, details: '' });
    const run = await askIssuer(collector.url, token, '/v1/runs', { job: 'nightly' });
    expect(run).toMatchObject({ status: 401, json: { code: 'unauthenticated', detail: message } });
  });

  it('is counted by reason; no token is in the log or the metrics', async () => {
    const token = issuer.token(BILLING, { ...KUBERNETES, exp: past });
    await postProtobuf(collector.url, [newSpan()], bearer(token));
    const refused = await metricOf(collector.url, 'whence_collector_authentications_refused_total');
    expect(refused).toBeGreaterThan(0);
    const metrics = await (await fetch(`${collector.url}/metrics`)).text();
    expect(metrics).toContain('whence_collector_authentications_refused_total{reason="token_expired"}');
    for (const part of token.split('.')) {
      expect(collector.printed() + metrics).not.toContain(part);
    }
  });
});

describe('an issuer that is away', () => {
  it('from the start: 503 and UNAVAILABLE, at which senders keep what they have; then all is well', async () => {
    const late = await startTokenIssuer();
    late.away = true;
    const other = await startCollector({ credentialsPath: credentialsFor(late) });
    const token = late.token(BILLING, KUBERNETES);
    const http = await postProtobuf(other.url, [newSpan()], bearer(token));
    expect(http.status).toBe(503);
    expect(Number(http.headers['retry-after'])).toBeGreaterThan(0);
    const grpc = await exportOverGrpc(other.grpcAddress!, [newSpan()], bearer(token));
    expect(grpc.code).toBe(UNAVAILABLE);
    expect(grpc.details).toContain('google.rpc.RetryInfo');
    const run = await askIssuer(other.url, token, '/v1/runs', { job: 'nightly' });
    expect(run).toMatchObject({ status: 503, json: { code: 'issuer_unavailable' } });
    expect(other.printed()).toContain('the keys of a token issuer cannot be fetched');
    late.away = false;
    await eventually(async () => (await postProtobuf(other.url, [newSpan()], bearer(token))).status === 200);
  });

  it('later: what it signed before is still good', async () => {
    expect(
      (await postProtobuf(collector.url, [newSpan()], bearer(issuer.token(BILLING, KUBERNETES)))).status,
    ).toBe(200);
    issuer.away = true;
    const token = bearer(issuer.token(BILLING, { ...KUBERNETES, jti: 'new' }));
    expect((await postProtobuf(collector.url, [newSpan()], token)).status).toBe(200);
    issuer.away = false;
  });
});
