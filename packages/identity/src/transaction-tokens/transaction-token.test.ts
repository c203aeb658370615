import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  sign,
  verify,
} from 'node:crypto';
import { newRunId, type Run } from '@whence/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readToken } from '../authentication/token-text.ts';
import { part } from '../issuer/issuer.fixture.ts';
import { createTokenMint } from './mint-transaction-token.ts';
import { scopeOf } from './transaction-token.ts';
import { verifyTransactionToken } from './verify-transaction-token.ts';

/** The first key of RFC 8032, section 7.1. */
const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const privateKey = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'),
  format: 'der',
  type: 'pkcs8',
});
const publicKey = createPublicKey(privateKey);
const trust = { trustDomain: 'bank.example', keys: new Map([['k1', publicKey]]) };
const NOW = new Date('2026-03-01T03:14:07.890Z');
const WORKLOAD = 'k8s://demo/jobs/scheduler';

const root: Run = {
  id: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
  rootId: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
  path: [],
  job: 'nightly-reconcile',
  attempt: 2,
  trigger: 'schedule',
  principal: { id: 'k8s://demo/jobs/nightly', kind: 'scheduler' },
  authority: { kind: 'policy', id: 'policy:nightly-jobs@3' },
  assurance: 'verified',
  actor: WORKLOAD,
  tenant: 'default',
  startedAt: '2026-03-01T03:14:00.000Z',
};
const { authority: _, ...unallowed } = root;
const child: Run = {
  ...unallowed,
  id: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a11',
  parentId: root.id,
  path: [root.id],
  job: 'Überweisung "50 %"',
  trigger: 'parent',
  attempt: 1,
  principal: { id: 'user:dana@example.com', kind: 'human' },
};

const ROOT_TOKEN = [
  'eyJhbGciOiJFZERTQSIsInR5cCI6InR4bnRva2VuK2p3dCIsImtpZCI6ImsxIn0.eyJpc3MiOiJiYW5rLmV4YW1wbG',
  'UiLCJhdWQiOiJiYW5rLmV4YW1wbGUiLCJ0eG4iOiIwMTk4OWYzYy02YjFkLTdhNTMtOGI4ZS03YzFmN2YxZjJhMTAi',
  'LCJzdWIiOiJrOHM6Ly9kZW1vL2pvYnMvbmlnaHRseSIsInNjb3BlIjoibmlnaHRseS1yZWNvbmNpbGUiLCJyZXFfd2',
  'wiOiJrOHM6Ly9kZW1vL2pvYnMvc2NoZWR1bGVyIiwidGN0eCI6eyJydW4iOiIwMTk4OWYzYy02YjFkLTdhNTMtOGI4',
  'ZS03YzFmN2YxZjJhMTAiLCJqb2IiOiJuaWdodGx5LXJlY29uY2lsZSIsImF0dGVtcHQiOjIsInRyaWdnZXIiOiJzY2',
  'hlZHVsZSIsInByaW5jaXBhbF9raW5kIjoic2NoZWR1bGVyIiwiYXV0aG9yaXR5IjoicG9saWN5Om5pZ2h0bHktam9i',
  'c0AzIiwidGVuYW50IjoiZGVmYXVsdCJ9LCJpYXQiOjE3NzIzMzQ4NDcsImV4cCI6MTc3MjMzNTE0N30.hmyOE18z4r',
  '0wbF5pVdb91r5Cod7wsP1R3vQ_kgrJU5bbAMMxaySj_9m7d0eLOFUDhUCHY0M-xXAXmE__2l6bDQ',
].join('');
const CHILD_TOKEN_SHA256 = '4b0e490d5585c28cdb066602c67950d42c055dd099129b30cde2ea90d4e4501c';

const mint = createTokenMint({
  key: { kid: 'k1', privateKey },
  trustDomain: 'bank.example',
  lifetimeSeconds: 300,
});
const decoded = (token: string, at: 0 | 1) =>
  JSON.parse(Buffer.from(token.split('.')[at]!, 'base64url').toString()) as Record<string, unknown>;
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

describe('golden vectors', () => {
  it('a root run', async () => {
    const token = await mint(root, WORKLOAD, NOW);
    expect(decoded(token, 0)).toEqual({ alg: 'EdDSA', typ: 'txntoken+jwt', kid: 'k1' });
    expect(decoded(token, 1)).toEqual({
      iss: 'bank.example',
      aud: 'bank.example',
      txn: root.id,
      sub: 'k8s://demo/jobs/nightly',
      scope: 'nightly-reconcile',
      req_wl: WORKLOAD,
      tctx: {
        run: root.id,
        job: 'nightly-reconcile',
        attempt: 2,
        trigger: 'schedule',
        principal_kind: 'scheduler',
        authority: 'policy:nightly-jobs@3',
        tenant: 'default',
      },
      iat: 1772334847,
      exp: 1772335147,
    });
    expect(token).toBe(ROOT_TOKEN);
  });

  it('a nested run: the transaction is its root, a job is one scope value', async () => {
    const token = await mint(child, 'k8s://demo/jobs/teller', NOW);
    expect(decoded(token, 1)).toMatchObject({
      txn: root.id,
      sub: 'user:dana@example.com',
      scope: '%C3%9Cberweisung%20%2250%20%25%22',
      req_wl: 'k8s://demo/jobs/teller',
      tctx: { run: child.id, parent: root.id, job: 'Überweisung "50 %"', principal_kind: 'human' },
    });
    expect(hash('sha256', token)).toBe(CHILD_TOKEN_SHA256);
  });

  it('the signature is plain Ed25519 over the first two parts', async () => {
    const [header, payload, signature] = ROOT_TOKEN.split('.');
    const signed = Buffer.from(`${header}.${payload}`);
    expect(verify(null, signed, publicKey, Buffer.from(signature!, 'base64url'))).toBe(true);
  });

  it('verifies to what it was made of', async () => {
    expect(await verifyTransactionToken(ROOT_TOKEN, trust, NOW)).toEqual({
      status: 'verified',
      token: {
        trustDomain: 'bank.example',
        rootRunId: root.id,
        runId: root.id,
        principal: root.principal,
        scope: 'nightly-reconcile',
        job: 'nightly-reconcile',
        attempt: 2,
        trigger: 'schedule',
        authority: root.authority,
        workload: WORKLOAD,
        tenant: 'default',
        issuedAt: '2026-03-01T03:14:07.000Z',
        expiresAt: '2026-03-01T03:19:07.000Z',
      },
    });
  });
});

describe('any run', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((job) => job.isWellFormed());

  it('is the same when its token is read', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.webUrl(),
        fc.boolean(),
        fc.nat(1_000_000),
        async (job, id, nested, attempt) => {
          const principal = { id, kind: 'agent' } as const;
          const run: Run = { ...(nested ? child : root), job, attempt: attempt + 1, principal };
          const verdict = await verifyTransactionToken(await mint(run, WORKLOAD, NOW), trust, NOW);
          expect(verdict).toMatchObject({
            status: 'verified',
            token: { runId: run.id, rootRunId: run.rootId, job, principal, attempt: attempt + 1 },
          });
          expect(verdict.status === 'verified' && verdict.token.authority).toEqual(run.authority);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('has a scope of one value that stands for one job', () => {
    fc.assert(
      fc.property(text, (job) => {
        expect(scopeOf(job)).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
        expect(decodeURIComponent(scopeOf(job))).toBe(job);
      }),
    );
  });
});

const other = generateKeyPairSync('ed25519').privateKey;
const usualHeader = { alg: 'EdDSA', typ: 'txntoken+jwt', kid: 'k1' };

/** A token that our key signed, whatever is in it. A member that is undefined is left out. */
const forged = (claims: object = {}, header: object = {}, key = privateKey): string => {
  const signed = `${part({ ...usualHeader, ...header })}.${part({ ...decoded(ROOT_TOKEN, 1), ...claims })}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
};

const codeOf = async (token: string, now = NOW): Promise<string> => {
  const verdict = await verifyTransactionToken(token, trust, now);
  if (verdict.status === 'refused' && token.length > 20)
    expect(verdict.detail).not.toContain(token.slice(-20));
  return verdict.status === 'verified' ? 'verified' : verdict.code;
};

describe('refused', () => {
  const { tctx } = decoded(ROOT_TOKEN, 1) as { tctx: object };

  it('is nothing that only looks different', async () => {
    expect(await codeOf(forged())).toBe('verified');
    expect(await codeOf(forged({ jti: 'x', tctx: { ...tctx, more: {} } }, { more: 1 }))).toBe('verified');
  });

  it.each<[string, string, () => string]>([
    ['another type', 'token_type_wrong', () => forged({}, { typ: 'JWT' })],
    ['a type in other letters', 'token_type_wrong', () => forged({}, { typ: 'TxnToken+JWT' })],
    ['a type with a prefix', 'token_type_wrong', () => forged({}, { typ: 'application/txntoken+jwt' })],
    ['no type', 'token_type_wrong', () => forged({}, { typ: undefined })],
    ['no algorithm', 'token_algorithm_refused', () => forged({}, { alg: undefined })],
    ['RS256', 'token_algorithm_refused', () => forged({}, { alg: 'RS256' })],
    ['no key id', 'token_key_unknown', () => forged({}, { kid: undefined })],
    ['another key id', 'token_key_unknown', () => forged({}, { kid: 'k2' })],
    ['a key id that every object has', 'token_key_unknown', () => forged({}, { kid: 'toString' })],
    ['another key', 'token_signature_wrong', () => forged({}, {}, other)],
    [
      'a key that it brings along',
      'token_signature_wrong',
      () => forged({}, { jwk: createPublicKey(other).export({ format: 'jwk' }) }, other),
    ],
    [
      'an extension that must be understood',
      'token_signature_wrong',
      () => forged({}, { crit: ['x'], x: 1 }),
    ],
    ['another audience', 'token_audience_wrong', () => forged({ aud: 'other.example' })],
    ['several audiences', 'token_claims_invalid', () => forged({ aud: ['bank.example', 'other.example'] })],
    ['another issuer', 'token_issuer_wrong', () => forged({ iss: 'other.example' })],
    ['a life of two hours', 'token_claims_invalid', () => forged({ exp: 1772334847 + 7200 })],
    ['an end before its beginning', 'token_claims_invalid', () => forged({ exp: 1772334846 })],
    ['a time that is no number', 'token_claims_invalid', () => forged({ exp: '1772335147' })],
    ['a run that is none', 'token_claims_invalid', () => forged({ tctx: { ...tctx, run: 'x' } })],
    [
      'an authority that is none',
      'token_claims_invalid',
      () => forged({ tctx: { ...tctx, authority: 'me' } }),
    ],
    ['no JWT', 'token_malformed', () => 'hello'],
    ['nothing', 'token_malformed', () => ''],
    ['a JWE', 'token_malformed', () => `${ROOT_TOKEN}.a.b`],
    ['something huge', 'token_malformed', () => `${part({})}.${'a'.repeat(20_000)}.`],
  ])('%s: %s', async (_, code, token) => {
    expect(await codeOf(token())).toBe(code);
  });

  it.each(['iss', 'aud', 'iat', 'exp', 'txn', 'sub', 'scope', 'req_wl', 'tctx'])(
    'without %s',
    async (claim) => {
      expect(await codeOf(forged({ [claim]: undefined }))).toBe('token_claims_invalid');
    },
  );

  it('unsigned: alg none, with and without a signature', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const signed = forged({}, { alg });
      expect(await codeOf(signed)).toBe('token_algorithm_refused');
      expect(await codeOf(`${signed.split('.').slice(0, 2).join('.')}.`)).toBe('token_algorithm_refused');
    }
    expect(await codeOf(`${ROOT_TOKEN.split('.').slice(0, 2).join('.')}.`)).toBe('token_signature_wrong');
  });

  it('signed by HMAC with what everybody knows: the public key, in any of its forms', async () => {
    const { x } = publicKey.export({ format: 'jwk' });
    const secrets = [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
      Buffer.from(x!, 'base64url'),
      x!,
      '',
    ];
    for (const alg of ['HS256', 'EdDSA']) {
      for (const secret of secrets) {
        const signed = forged({}, { alg }).split('.').slice(0, 2).join('.');
        const mac = createHmac('sha256', secret).update(signed).digest('base64url');
        const code = alg === 'HS256' ? 'token_algorithm_refused' : 'token_signature_wrong';
        expect(await codeOf(`${signed}.${mac}`)).toBe(code);
      }
    }
  });

  it('before it was issued and after it ended, but for what clocks differ by', async () => {
    const at = (seconds: number) => codeOf(ROOT_TOKEN, later(seconds));
    expect(await at(-10)).toBe('verified');
    expect(await at(-12)).toBe('token_not_yet_valid');
    expect(await at(308)).toBe('verified');
    expect(await at(310)).toBe('token_expired');
    expect(await at(86_400)).toBe('token_expired');
  });

  it('with any bit flipped', async () => {
    const bytes = Buffer.from(ROOT_TOKEN, 'latin1');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      if ((await codeOf(flipped.toString('latin1'))) === 'verified') expect.fail(`bit ${bit} flipped`);
    }
  });

  it('with anything changed, left out or put in', async () => {
    const change = fc.record({
      at: fc.nat(ROOT_TOKEN.length),
      drop: fc.nat(3),
      put: fc.string({ maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const token = changes.reduce(
          (text, { at, drop, put }) => text.slice(0, at) + put + text.slice(at + drop),
          ROOT_TOKEN,
        );
        fc.pre(token !== ROOT_TOKEN);
        expect(await codeOf(token)).not.toBe('verified');
      }),
      { numRuns: 500 },
    );
  });
});

describe('a mint', () => {
  it.each([0, 29, 3601, 60.5, Number.NaN])('makes no tokens of %s seconds', (lifetimeSeconds) => {
    const parts = { key: { kid: 'k1', privateKey }, trustDomain: 'd', lifetimeSeconds };
    expect(() => createTokenMint(parts)).toThrow(RangeError);
  });

  it('makes none for a run that only claims to be one', () => {
    for (const assurance of ['asserted', 'inherited', 'none', 'refuted'] as const) {
      expect(() => mint({ ...root, id: newRunId(), assurance }, WORKLOAD, NOW)).toThrow(TypeError);
    }
  });
});

it('a Transaction Token is nobody’s credential', () => {
  expect(readToken(ROOT_TOKEN)).toMatchObject({ status: 'malformed' });
});
