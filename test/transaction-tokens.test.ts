import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTokenKeys, tokenKeySetOf, verifyTransactionToken } from '@whence/identity';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, collectorThatEnds, startCollector } from './stage/collector-process.ts';
import { type CredentialsFile, writeCredentials } from './stage/credentials-file.ts';
import { ask, askIssuer, type JsonAnswer } from './stage/issuer-client.ts';
import { temporaryDirectory } from './stage/take-down.ts';

const PRINCIPAL = { id: 'k8s://prod/payments/reconcile', kind: 'service_account' };

let credentials: CredentialsFile;
let collector: CollectorProcess;

beforeAll(async () => {
  credentials = writeCredentials('example.com', [
    {
      id: 'scheduler',
      actor: 'k8s://prod/payments/scheduler',
      grants: [{ principal: PRINCIPAL, authority: 'policy:nightly' }],
    },
    { id: 'other', actor: 'k8s://prod/payments/other', grants: [{ principal: PRINCIPAL }] },
  ]);
  collector = await startCollector({ credentialsPath: credentials.path });
});

const call = (who: string | undefined, path: string, body: unknown = {}, url = collector.url) =>
  askIssuer(url, who === undefined ? undefined : credentials.keys[who], path, body);

const keysOf = async (url: string) => {
  const { json } = await ask(`${url}/.well-known/jwks.json`);
  return new Map(
    json.keys.map(({ kid, ...jwk }: JsonWebKey & { kid: string }) => [
      kid,
      createPublicKey({ key: jwk, format: 'jwk' }),
    ]),
  ) as Parameters<typeof verifyTransactionToken>[1]['keys'];
};

/** As a gateway would, with nothing but what is published. */
const verified = async (token: string, url = collector.url) =>
  verifyTransactionToken(token, { trustDomain: 'example.com', keys: await keysOf(url) });

const expectProblem = ({ status, headers, json }: JsonAnswer, expected: number, code: string): void => {
  expect({ status, code: json.code }).toEqual({ status: expected, code });
  expect(headers.get('content-type')).toBe('application/problem+json');
};

describe('a run that is started', () => {
  it('comes with a token that anybody can verify, and that says what the record says', async () => {
    const { headers, json } = await call('scheduler', '/v1/runs', { job: 'nightly-x', trigger: 'schedule' });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await verified(json.txnToken)).toMatchObject({
      status: 'verified',
      token: {
        trustDomain: 'example.com',
        runId: json.run.id,
        rootRunId: json.run.id,
        principal: PRINCIPAL,
        authority: { kind: 'policy', id: 'policy:nightly' },
        job: 'nightly-x',
        scope: 'nightly-x',
        trigger: 'schedule',
        workload: 'k8s://prod/payments/scheduler',
      },
    });

    const child = await call('other', '/v1/runs', { job: 'nightly-child', parent: json.reference });
    expect(await verified(child.json.txnToken)).toMatchObject({
      token: { rootRunId: json.run.id, parentRunId: json.run.id, authority: { id: 'policy:nightly' } },
    });
  });

  it('and one that is refused, or only asserted, has none', async () => {
    const refused = await call('other', '/v1/runs', { job: 'x', principal: 'user:root@example.com' });
    expect(refused.status).toBe(403);
    expect(refused.json).not.toHaveProperty('txnToken');
    const nobody = await startCollector();
    expectProblem(await call(undefined, '/v1/runs', { job: 'x' }, nobody.url), 401, 'unauthenticated');
  });

  it('lives as long as it is told to', async () => {
    const brief = await startCollector({
      credentialsPath: credentials.path,
      environment: { WHENCE_TXN_TOKEN_SECONDS: '30' },
    });
    const { json } = await call('scheduler', '/v1/runs', { job: 'x' }, brief.url);
    const verdict = await verified(json.txnToken, brief.url);
    if (verdict.status === 'refused') throw new Error(verdict.detail);
    const { issuedAt, expiresAt } = verdict.token;
    expect(Date.parse(expiresAt) - Date.parse(issuedAt)).toBe(30_000);
    const { stderr, stdout } = await collectorThatEnds({
      environment: { WHENCE_TXN_TOKEN_SECONDS: '86400' },
    });
    expect(stderr + stdout).toContain('WHENCE_TXN_TOKEN_SECONDS="86400": a whole number from 30 to 3600');
  });
});

describe('POST /v1/runs/{id}/token', () => {
  const started = async (): Promise<string> =>
    (await call('scheduler', '/v1/runs', { job: 'nightly-x' })).json.run.id;

  it('gives a fresh one to the workload that started the run', async () => {
    const id = await started();
    const { status, headers, json } = await call('scheduler', `/v1/runs/${id}/token`);
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(json)).toEqual(['txnToken']);
    expect(await verified(json.txnToken)).toMatchObject({ token: { runId: id, principal: PRINCIPAL } });
  });

  it('and says to everybody else why not', async () => {
    const id = await started();
    expectProblem(await call(undefined, `/v1/runs/${id}/token`), 401, 'unauthenticated');
    expectProblem(await call('other', `/v1/runs/${id}/token`), 403, 'run_not_yours');
    expectProblem(await call('scheduler', `/v1/runs/${id}/token`, { for: 'me' }), 400, 'invalid_request');
    await call('scheduler', `/v1/runs/${id}/end`, { outcome: 'success' });
    expectProblem(await call('scheduler', `/v1/runs/${id}/token`), 409, 'run_already_ended');
    const got = await fetch(`${collector.url}/v1/runs/${id}/token`, {
      headers: { authorization: `Bearer ${credentials.keys['scheduler']}` },
    });
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('a token', () => {
  it('is no credential', async () => {
    const { json } = await call('scheduler', '/v1/runs', { job: 'x' });
    const answer = await askIssuer(collector.url, json.txnToken, '/v1/runs', { job: 'x' });
    expectProblem(answer, 401, 'unauthenticated');
    expect(JSON.stringify(answer.json)).not.toContain(json.txnToken.split('.')[2]);
  });

  it('is neither logged nor written anywhere', async () => {
    const { json } = await call('scheduler', '/v1/runs', { job: 'x' });
    const fresh = await call('scheduler', `/v1/runs/${json.run.id}/token`);
    await askIssuer(collector.url, json.txnToken, '/v1/runs', { job: 'x' });
    for (const token of [json.txnToken, fresh.json.txnToken] as string[]) {
      const secret = token.split('.')[2]!;
      expect(collector.printed()).not.toContain(secret);
      for (const path of filesIn(collector.dataDirectory)) {
        expect(readFileSync(path).includes(secret), path).toBe(false);
      }
    }
  });
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

describe('GET /.well-known/jwks.json', () => {
  it('is for anybody, to be kept for a while, and has nothing private in it', async () => {
    const { status, headers, json } = await ask(`${collector.url}/.well-known/jwks.json`);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/jwk-set+json');
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(json.keys).toHaveLength(1);
    expect(Object.keys(json.keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    const head = await fetch(`${collector.url}/.well-known/jwks.json`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const posted = await ask(`${collector.url}/.well-known/jwks.json`, { method: 'POST' });
    expectProblem(posted, 405, 'method_not_allowed');
  });

  it('has the same key after a new start, so that tokens of before still count', async () => {
    const first = await startCollector({ credentialsPath: credentials.path });
    const { json } = await call('scheduler', '/v1/runs', { job: 'x' }, first.url);
    const path = join(first.dataDirectory, 'token-keys.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await first.kill();
    const next = await startCollector({
      credentialsPath: credentials.path,
      dataDirectory: first.dataDirectory,
    });
    expect(await verified(json.txnToken, next.url)).toMatchObject({ status: 'verified' });
    const fresh = await call('scheduler', `/v1/runs/${json.run.id}/token`, {}, next.url);
    expect(await verified(fresh.json.txnToken, next.url)).toMatchObject({ token: { runId: json.run.id } });
    expect((await ask(`${next.url}/.well-known/jwks.json`)).json).toEqual(
      tokenKeySetOf(await openTokenKeys(path)),
    );
  });

  it('has every key of the file; the collector does not start with one that others can read', async () => {
    const [one, two] = [temporaryDirectory(), temporaryDirectory()];
    await Promise.all([one, two].map((folder) => openTokenKeys(join(folder, 'token-keys.json'))));
    const keys = [one, two].map((folder) =>
      JSON.parse(readFileSync(join(folder, 'token-keys.json'), 'utf8')),
    );
    const both = { active: keys[1].active, keys: { ...keys[0].keys, ...keys[1].keys } };
    const path = join(one, 'token-keys.json');
    writeFileSync(path, JSON.stringify(both));
    const rolled = await startCollector({ credentialsPath: credentials.path, dataDirectory: one });
    expect(new Set((await keysOf(rolled.url)).keys())).toEqual(new Set([keys[0].active, keys[1].active]));
    const { json } = await call('scheduler', '/v1/runs', { job: 'x' }, rolled.url);
    expect(JSON.parse(Buffer.from(json.txnToken.split('.')[0], 'base64url').toString()).kid).toBe(
      keys[1].active,
    );
    await rolled.stop();
    chmodSync(path, 0o644);
    const { stderr, stdout } = await collectorThatEnds({ dataDirectory: one });
    expect(stderr + stdout).toContain(path);
    expect(stderr + stdout).not.toContain(keys[0].keys[keys[0].active]);
  });
});
