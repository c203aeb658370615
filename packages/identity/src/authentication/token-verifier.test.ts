import { createHmac, createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { newKey } from '../credentials/credential-key.ts';
import { readCredentials } from '../credentials/credentials.ts';
import { newSigningKey, part, type SigningKey, signatureOf, tokenOf } from '../issuer/issuer.fixture.ts';
import { type Authenticator, createAuthenticator } from './authenticator.ts';

const directory = mkdtempSync(join(tmpdir(), 'whence-tokens-'));
afterAll(() => rmSync(directory, { recursive: true }));

const NOW = 1_800_000_000;
const ISSUER = 'https://issuer.example';
const rsa = newSigningKey('rsa', 'RS256');
const ec = newSigningKey('ec', 'ES256');
const ed = newSigningKey('ed', 'EdDSA');
const scheduler = newKey('scheduler');

const claims = {
  iss: ISSUER,
  aud: 'whence',
  sub: 'system:serviceaccount:prod:billing',
  iat: NOW - 10,
  nbf: NOW - 10,
  exp: NOW + 600,
};

const authenticator = (
  published: readonly object[] = [rsa, ec, ed].map((key) => key.published),
  issuer: object = {},
): { authenticate: Authenticator['authenticate']; at: (seconds: number) => void } => {
  const name = `${Math.random()}.json`;
  writeFileSync(join(directory, name), JSON.stringify({ keys: published }));
  const set = readCredentials(
    JSON.stringify({
      trustDomain: 'bank.example',
      keys: [{ id: 'scheduler', hash: scheduler.hash, actor: 'k8s://prod/scheduler' }],
      issuers: [
        {
          issuer: ISSUER,
          audience: 'whence',
          jwksFile: name,
          workloads: [{ subject: 'system:serviceaccount:prod:*', tenant: 'acme', actor: 'k8s://prod/{sub}' }],
          ...issuer,
        },
      ],
    }),
    join(directory, 'whence.yaml'),
  );
  let now = NOW;
  const { authenticate } = createAuthenticator(set, { now: () => now * 1000 });
  return {
    authenticate,
    at: (seconds) => {
      now = seconds;
    },
  };
};

const { authenticate } = authenticator();
const present = (token: string) => authenticate({ authorization: `Bearer ${token}` });

const BILLING = {
  id: 'k8s://prod/system:serviceaccount:prod:billing',
  actor: 'k8s://prod/system:serviceaccount:prod:billing',
  tenant: 'acme',
  witness: 'sdk',
  grants: [],
  sends: true,
  proof: expect.objectContaining({ kind: 'token', subject: 'system:serviceaccount:prod:billing' }),
};

/** By an authenticator of its own: unknown keys are looked for a limited number of times. */
const expectRefused = async (token: string, code: string): Promise<void> => {
  const answer = await authenticator().authenticate({ authorization: `Bearer ${token}` });
  expect(answer).toMatchObject({ status: 'refused', code });
  expect(JSON.stringify(answer)).not.toContain(token.split('.')[1]);
};

describe('a good token', () => {
  it.each([rsa, ec, ed])('signed with $algorithm: whoever its subject is', async (key) => {
    expect(await present(tokenOf(key, claims))).toEqual({ status: 'authenticated', credential: BILLING });
  });

  it('is answered at once the second time', async () => {
    const token = tokenOf(ec, { ...claims, jti: 'twice' });
    const first = present(token);
    expect(first).toBeInstanceOf(Promise);
    await first;
    expect(present(token)).toEqual({ status: 'authenticated', credential: BILLING });
  });

  it('presented many times at once is verified once', async () => {
    const token = tokenOf(ec, { ...claims, jti: 'many' });
    const [first, ...others] = Array.from({ length: 100 }, () => present(token));
    expect(others.every((each) => each === first)).toBe(true);
    expect(await first).toMatchObject({ status: 'authenticated' });
  });

  it.each([
    ['one of several audiences', { aud: ['other', 'whence'] }],
    ['that expired within the leeway', { exp: NOW - 59 }],
    ['that begins within the leeway', { nbf: NOW + 59 }],
    ['without a begin', { nbf: undefined }],
  ])('%s', async (_, changed) => {
    expect(await present(tokenOf(ec, { ...claims, ...changed }))).toMatchObject({ status: 'authenticated' });
  });

  it.each([undefined, 'jwt', 'JWT', 'at+jwt', 'application/at+jwt', 'JOSE'])('of type %s', async (typ) => {
    expect(await present(tokenOf(ec, claims, { typ }))).toMatchObject({ status: 'authenticated' });
  });

  it('without a key id, where the issuer has one key that would do', async () => {
    const token = tokenOf(ec, claims, { kid: undefined });
    expect(await present(token)).toMatchObject({ status: 'authenticated' });
  });

  it('counts until it expires, though it was verified before', async () => {
    const one = authenticator();
    const header = { authorization: `Bearer ${tokenOf(ec, claims)}` };
    expect(await one.authenticate(header)).toMatchObject({ status: 'authenticated' });
    one.at(claims.exp + 59);
    expect(one.authenticate(header)).toMatchObject({ status: 'authenticated' });
    one.at(claims.exp + 60);
    expect(await one.authenticate(header)).toMatchObject({ status: 'refused', code: 'token_expired' });
  });

  it('stands beside keys, which are still answered at once', () => {
    expect(present(scheduler.key)).toMatchObject({ status: 'authenticated' });
    expect(present(newKey('scheduler').key)).toEqual({ status: 'unknown' });
  });
});

describe('a JWT-SVID', () => {
  const spiffe = (sub: string, more: object = {}) => {
    const { iss: _, ...rest } = claims;
    const issuer = {
      issuer: 'spiffe://acme.internal',
      workloads: [{ subject: 'spiffe://*', actor: '{+sub}' }],
    };
    const bundle = [
      { ...ec.published, use: 'jwt-svid' },
      { ...rsa.published, use: 'x509-svid' },
    ];
    const token = tokenOf(ec, { ...rest, sub, ...more });
    return authenticator(bundle, issuer).authenticate({ authorization: `Bearer ${token}` });
  };

  it('without an issuer is of the trust domain of its subject', async () => {
    const actor = 'spiffe://acme.internal/ns/prod/sa/billing';
    expect(await spiffe(actor)).toMatchObject({ status: 'authenticated', credential: { actor } });
  });

  it.each([
    ['of another trust domain', 'spiffe://evil.internal/x', {}],
    ['of one that begins alike', 'spiffe://acme.internal.evil/x', {}],
    ['of an issuer that is another', 'spiffe://acme.internal/x', { iss: 'spiffe://evil.internal' }],
    ['of the trust domain, about another', 'spiffe://evil.internal/x', { iss: 'spiffe://acme.internal' }],
  ])('%s does not count', async (_, sub, more) => {
    expect(await spiffe(sub, more)).toMatchObject({ status: 'refused' });
  });
});

describe('refused', () => {
  const publicPem = createPublicKey(rsa.privateKey).export({ type: 'spki', format: 'pem' });
  const hmacToken = (secret: string | Buffer, header: object): string => {
    const signed = `${part(header)}.${part(claims)}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };

  it.each(['none', 'None', 'NONE', '', null])('algorithm %j, with and without a signature', async (alg) => {
    const [, body, signature] = tokenOf(rsa, claims).split('.');
    const code = /^token_(algorithm_refused|malformed)$/;
    for (const end of ['', signature]) {
      const answer = await present(`${part({ alg, kid: 'rsa' })}.${body}.${end}`);
      expect(answer).toMatchObject({ status: 'refused', code: expect.stringMatching(code) });
    }
  });

  it('HS256 with the public key for a secret', async () => {
    for (const secret of [publicPem, Buffer.from(JSON.stringify(rsa.published)), String(rsa.published.n)]) {
      await expectRefused(hmacToken(secret, { alg: 'HS256', kid: 'rsa' }), 'token_algorithm_refused');
      await expectRefused(hmacToken(secret, { alg: 'HS256' }), 'token_algorithm_refused');
    }
  });

  it('an algorithm that the key is not for', async () => {
    await expectRefused(tokenOf(ec, claims, { kid: 'rsa' }), 'token_key_unknown');
    await expectRefused(tokenOf(rsa, claims, { alg: 'ES256' }), 'token_key_unknown');
    await expectRefused(tokenOf(rsa, claims, { alg: 'PS256' }), 'token_algorithm_refused');
    await expectRefused(tokenOf(rsa, claims, { alg: 'RS512' }), 'token_algorithm_refused');
  });

  it.each([
    ['another audience', { aud: 'other' }, 'token_audience_wrong'],
    ['no audience', { aud: undefined }, 'token_audience_wrong'],
    ['an audience that only begins alike', { aud: 'whence2' }, 'token_audience_wrong'],
    ['an empty list of audiences', { aud: [] }, 'token_audience_wrong'],
    ['another issuer', { iss: 'https://evil.example' }, 'token_issuer_unknown'],
    ['an issuer that only looks alike', { iss: `${ISSUER}/` }, 'token_issuer_unknown'],
    ['no issuer', { iss: undefined }, 'token_issuer_unknown'],
    ['an issuer that is a list', { iss: [ISSUER] }, 'token_issuer_unknown'],
    ['an expiry that is over', { exp: NOW - 60 }, 'token_expired'],
    ['no expiry', { exp: undefined }, 'token_claims_invalid'],
    ['an expiry that is a text', { exp: String(NOW + 600) }, 'token_claims_invalid'],
    ['a begin that is to come', { nbf: NOW + 61 }, 'token_not_yet_valid'],
    ['a begin that is a text', { nbf: 'now' }, 'token_claims_invalid'],
    ['no subject', { sub: undefined }, 'token_claims_invalid'],
    ['a subject that is a list', { sub: ['system:serviceaccount:prod:billing'] }, 'workload_unknown'],
    ['a subject of nobody', { sub: 'system:serviceaccount:test:billing' }, 'workload_unknown'],
    ['a subject with a line break', { sub: 'system:serviceaccount:prod:\u0000\ud800' }, 'workload_unknown'],
  ])('%s', async (_, changed, code) => {
    await expectRefused(tokenOf(ec, { ...claims, ...changed }), code);
  });

  it.each([
    '../../../../dev/null',
    '/dev/null',
    'ec\u0000',
    "' OR 1=1 --",
    'http://127.0.0.1/ec',
    'EC',
    'constructor',
    '__proto__',
    '',
    'x'.repeat(5_000),
  ])('the key id %j', async (kid) => {
    await expectRefused(tokenOf(ec, claims, { kid }), 'token_key_unknown');
  });

  it('a key that the token brings along, or says where to fetch', async () => {
    const own = newSigningKey('own');
    const headers = [
      { jwk: own.published },
      { jku: 'http://127.0.0.1:1/keys' },
      { x5u: 'http://127.0.0.1:1/keys' },
      { x5c: [part('certificate')] },
    ];
    for (const header of headers) {
      await expectRefused(tokenOf(own, claims, header), 'token_key_unknown');
      await expectRefused(tokenOf(own, claims, { ...header, kid: 'ec' }), 'token_signature_wrong');
    }
  });

  it('an extension that must be understood', async () => {
    await expectRefused(tokenOf(ec, claims, { crit: ['b64'], b64: false }), 'token_malformed');
    await expectRefused(tokenOf(ec, claims, { crit: ['x'], x: 1 }), 'token_malformed');
  });

  it.each(['txntoken+jwt', 'wit+jwt', 'logout+jwt', 'dpop+jwt', 'secevent+jwt'])(
    'a token of another kind: %s',
    async (typ) => {
      await expectRefused(tokenOf(ec, claims, { typ }), 'token_malformed');
    },
  );

  it('a huge token, before anything in it is read', async () => {
    const pad = (length: number) => tokenOf(ec, { ...claims, pad: 'x'.repeat(length) });
    const fitting = 12_000 - 150;
    expect(await present(pad(fitting))).toMatchObject({ status: 'authenticated' });
    await expectRefused(pad(13_000), 'token_malformed');
    await expectRefused(`${'a'.repeat(10_000_000)}.b.c`, 'token_malformed');
  });

  it.each([
    ['in the header', `{"alg":"none","alg":"ES256","kid":"ec"}`, JSON.stringify(claims)],
    ['in the payload', `{"alg":"ES256","kid":"ec"}`, JSON.stringify(claims).replace('{', '{"sub":"a",')],
    [
      'further down',
      `{"alg":"ES256","kid":"ec"}`,
      JSON.stringify(claims).replace('{', '{"a":{"b":1,"b":2},'),
    ],
    ['that is written differently', `{"alg":"ES256","kid":"ec","\\u0061lg":"ES256"}`, JSON.stringify(claims)],
  ])('a member given twice %s', async (_, header, payload) => {
    const signed = `${part(header)}.${part(payload)}`;
    await expectRefused(`${signed}.${signatureOf(ec, signed)}`, 'token_malformed');
  });

  it.each(['[]', '"text"', 'null', '7', '{', '', '{"a":"\u0000"}', '\ufeff{}'])(
    'the payload %j',
    async (payload) => {
      const token = tokenOf(ec, payload);
      expect(await present(token)).not.toMatchObject({ status: 'authenticated' });
    },
  );

  it('what is no token at all', async () => {
    for (const text of ['a.b', 'a.b.c.d', '..', 'a..c', 'a.b.c', '====.b.c', 'a b.c.d']) {
      expect((await present(text)).status).toMatch(/^(?:unknown|refused)$/);
    }
  });

  it('any token, where no issuer is in the file', async () => {
    const set = readCredentials('trustDomain: d\nkeys: []', 'whence.yaml');
    const answer = createAuthenticator(set).authenticate({ authorization: `Bearer ${tokenOf(ec, claims)}` });
    expect(answer).toEqual({ status: 'unknown' });
  });
});

describe('published keys', () => {
  const withKeys = async (published: readonly object[], token: string, issuer: object = {}) =>
    authenticator(published, issuer).authenticate({ authorization: `Bearer ${token}` });

  it('two of one name: neither counts', async () => {
    const twin = newSigningKey('ec');
    const both = [ec.published, twin.published];
    for (const key of [ec, twin]) {
      const answer = await withKeys(both, tokenOf(key, claims));
      expect(answer).toMatchObject({ status: 'refused', code: 'token_key_unknown' });
    }
  });

  it('the same one twice is one', async () => {
    const answer = await withKeys([ec.published, ec.published], tokenOf(ec, claims));
    expect(answer).toMatchObject({ status: 'authenticated' });
  });

  it('one whose secret half is published, or that is a secret, counts for nothing', async () => {
    const exposed = { ...ec.privateKey.export({ format: 'jwk' }), kid: 'ec', alg: 'ES256' };
    const secret = { kty: 'oct', k: part('secret'), kid: 'ec', alg: 'HS256' };
    for (const published of [exposed, secret]) {
      const answer = await withKeys([published, rsa.published], tokenOf(ec, claims));
      expect(answer).toMatchObject({ status: 'refused', code: 'token_key_unknown' });
    }
  });

  it('one for encryption, or too short to be safe, counts for nothing', async () => {
    const encrypting = { ...ec.published, use: 'enc' };
    expect(await withKeys([encrypting, rsa.published], tokenOf(ec, claims))).toMatchObject({
      code: 'token_key_unknown',
    });
    const short = { ...rsa.published, n: String(rsa.published.n).slice(0, 171) };
    expect(await withKeys([short], tokenOf(rsa, claims))).toMatchObject({ code: 'token_key_unknown' });
  });

  it('only the algorithms of the file count', async () => {
    const keys = [rsa.published, ec.published];
    const algorithms = ['RS256'];
    expect(await withKeys(keys, tokenOf(rsa, claims), { algorithms })).toMatchObject({
      status: 'authenticated',
    });
    expect(await withKeys(keys, tokenOf(ec, claims), { algorithms })).toMatchObject({
      code: 'token_algorithm_refused',
    });
  });
});

describe('any mutation of a valid token is refused', () => {
  const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

  const expectNever = async (token: string): Promise<void> => {
    expect((await present(token)).status).not.toBe('authenticated');
  };

  it.each([rsa, ec, ed])('$algorithm: a character changed, left out or put in', async (key: SigningKey) => {
    const token = tokenOf(key, claims);
    const change = fc.record({
      at: fc.nat(token.length - 1),
      to: fc.constantFrom(...BASE64URL, '.', '=', '+'),
      how: fc.constantFrom('changed', 'left out', 'put in'),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, to, how }) => {
        const kept = how === 'put in' ? at : at + 1;
        const mutated = token.slice(0, at) + (how === 'left out' ? '' : to) + token.slice(kept);
        if (mutated !== token) await expectNever(mutated);
      }),
      { numRuns: 200 },
    );
  });

  it('each bit of a signature', async () => {
    const [header, body, signature] = tokenOf(ed, claims).split('.');
    const bytes = Buffer.from(signature!, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      await expectNever(`${header}.${body}.${bytes.toString('base64url')}`);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });

  it('the last character, whose spare bits carry nothing', async () => {
    const token = tokenOf(rsa, claims);
    for (const last of BASE64URL) {
      if (!token.endsWith(last)) await expectNever(token.slice(0, -1) + last);
    }
  });

  it('parts of two valid tokens put together', async () => {
    const a = tokenOf(ec, claims).split('.');
    const b = tokenOf(ec, { ...claims, sub: 'system:serviceaccount:prod:payments' }).split('.');
    for (const mixed of [
      [a[0], a[1], b[2]],
      [a[0], b[1], a[2]],
      [a[0], b[1], ''],
    ]) {
      await expectNever(mixed.join('.'));
    }
  });
});
