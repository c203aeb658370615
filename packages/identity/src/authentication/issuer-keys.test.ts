import { mkdtempSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCredentials } from '../credentials/credentials.ts';
import { newSigningKey, type SigningKey, serve, tokenOf } from '../issuer/issuer.fixture.ts';
import { createAuthenticator } from './authenticator.ts';
import type { KeyNotice } from './issuer-keys.ts';

const first = newSigningKey('first');
const second = newSigningKey('second');

/** An issuer at the wire: what it publishes can be changed, and how it answers. */
const startIssuer = async (published: readonly SigningKey[] = [first]) => {
  const issuer = {
    published,
    answer: undefined as ((response: ServerResponse) => void) | undefined,
    requests: [] as IncomingMessage[],
  };
  const { url } = await serve((request, response) => {
    issuer.requests.push(request);
    if (issuer.answer !== undefined) return issuer.answer(response);
    response.end(JSON.stringify({ keys: issuer.published.map((key) => key.published) }));
  });
  return Object.assign(issuer, { url });
};

const startAuthenticator = (issuer: object, directory = tmpdir()) => {
  const set = readCredentials(
    JSON.stringify({
      trustDomain: 'bank.example',
      issuers: [
        {
          issuer: 'https://issuer.example',
          audience: 'whence',
          workloads: [{ subject: '*', actor: 'k8s://prod/{sub}' }],
          ...issuer,
        },
      ],
    }),
    join(directory, 'whence.yaml'),
  );
  const notices: KeyNotice[] = [];
  let now = Date.now();
  let elapsed = 0;
  const { authenticate } = createAuthenticator(set, {
    now: () => now,
    elapsed: () => elapsed,
    notice: (notice) => notices.push(notice),
  });
  return {
    notices,
    pass: (seconds: number) => {
      now += seconds * 1000;
      elapsed += seconds * 1000;
    },
    setClockBack: (seconds: number) => {
      now -= seconds * 1000;
    },
    present: async (key: SigningKey, claims: object = {}) => {
      const exp = Math.floor(now / 1000) + 3600;
      const all = { iss: 'https://issuer.example', aud: 'whence', sub: 'billing', exp, ...claims };
      return authenticate({ authorization: `Bearer ${tokenOf(key, all)}` });
    },
  };
};

const AUTHENTICATED = { status: 'authenticated' };
const UNAVAILABLE = { status: 'unavailable', retryAfterSeconds: expect.any(Number) };
const KEY_UNKNOWN = { status: 'refused', code: 'token_key_unknown' };

describe('the keys of an issuer', () => {
  it('are fetched at the start, before anyone asks, and once', async () => {
    const issuer = await startIssuer();
    const { present, notices } = startAuthenticator({ jwks: issuer.url });
    await expect
      .poll(() => notices)
      .toEqual([{ issuer: 'https://issuer.example', status: 'fetched', detail: 'keys: first' }]);
    for (let i = 0; i < 20; i++) expect(await present(first, { jti: i })).toMatchObject(AUTHENTICATED);
    expect(issuer.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['GET', undefined],
    ]);
  });

  it('rotate: a token of the new key is good at once, one of the old while it is published', async () => {
    const issuer = await startIssuer();
    const { present, pass } = startAuthenticator({ jwks: issuer.url });
    expect(await present(first)).toMatchObject(AUTHENTICATED);
    issuer.published = [first, second];
    expect(await present(second)).toMatchObject(AUTHENTICATED);
    expect(await present(first)).toMatchObject(AUTHENTICATED);
    issuer.published = [second];
    pass(301);
    // Seen while the old one is still known, which asks for the keys again.
    await present(first);
    await expect.poll(() => present(first)).toMatchObject(KEY_UNKNOWN);
    expect(await present(second)).toMatchObject(AUTHENTICATED);
  });

  it('withdrawn: a token that was verified with it before counts no more', async () => {
    const issuer = await startIssuer([first, second]);
    const { present, pass } = startAuthenticator({ jwks: issuer.url });
    const exp = Math.floor(Date.now() / 1000) + 7200;
    expect(await present(first, { exp })).toMatchObject(AUTHENTICATED);
    issuer.published = [second];
    pass(301);
    await expect.poll(() => present(first, { exp })).toMatchObject(KEY_UNKNOWN);
  });

  it('stay good while the issuer is away; what they cannot check is not refused, but unavailable', async () => {
    const issuer = await startIssuer();
    const { present, pass, notices } = startAuthenticator({ jwks: issuer.url });
    expect(await present(first)).toMatchObject(AUTHENTICATED);
    issuer.answer = (response) => response.destroy();
    pass(24 * 3600);
    expect(await present(first)).toMatchObject(AUTHENTICATED);
    expect(await present(second)).toMatchObject(UNAVAILABLE);
    issuer.published = [first, second];
    issuer.answer = undefined;
    pass(60);
    expect(await present(second)).toMatchObject(AUTHENTICATED);
    expect(notices.map(({ status }) => status)).toEqual(['fetched', 'failed', 'fetched']);
  });

  it('not there at the start: unavailable until they are', async () => {
    const issuer = await startIssuer();
    issuer.answer = (response) => response.writeHead(503).end();
    const { present, pass } = startAuthenticator({ jwks: issuer.url });
    expect(await present(first)).toMatchObject(UNAVAILABLE);
    issuer.answer = undefined;
    pass(60);
    expect(await present(first)).toMatchObject(AUTHENTICATED);
  });

  it('are asked for as before when the clock is set back by a day: after failures, floods, and when they are old', async () => {
    const issuer = await startIssuer();
    const { present, pass, setClockBack } = startAuthenticator({ jwks: issuer.url });
    expect(await present(first)).toMatchObject(AUTHENTICATED);
    issuer.answer = (response) => response.destroy();
    expect(await present(second)).toMatchObject(UNAVAILABLE);
    setClockBack(24 * 3600);
    expect(await present(second)).toEqual({
      ...UNAVAILABLE,
      detail: expect.any(String),
      retryAfterSeconds: 1,
    });
    issuer.answer = undefined;
    issuer.published = [first, second];
    pass(2);
    expect(await present(second)).toMatchObject(AUTHENTICATED);

    for (let i = 0; i < 10; i++) await present({ ...second, kid: `made-up-${i}` });
    setClockBack(24 * 3600);
    pass(10);
    const third = newSigningKey('third');
    issuer.published = [third];
    expect(await present(third)).toMatchObject(AUTHENTICATED);

    issuer.published = [first];
    setClockBack(24 * 3600);
    pass(301);
    await expect.poll(() => present(third)).toMatchObject(KEY_UNKNOWN);
  });

  it('of an issuer that fails are asked for less and less often, however many tokens come', async () => {
    const issuer = await startIssuer();
    issuer.answer = (response) => response.writeHead(500).end();
    const { present, pass } = startAuthenticator({ jwks: issuer.url });
    for (let second = 0; second < 120; second++) {
      await Promise.all([present(first), present(first, { jti: second })]);
      pass(1);
    }
    expect(issuer.requests.length).toBeLessThan(12);
  });

  it('of an issuer that is flooded with unknown key ids are asked for a few times; nobody is refused unheard', async () => {
    const issuer = await startIssuer();
    const { present, pass } = startAuthenticator({ jwks: issuer.url });
    expect(await present(first)).toMatchObject(AUTHENTICATED);
    const statuses: string[] = [];
    for (let i = 0; i < 50; i++) {
      statuses.push((await present({ ...second, kid: `made-up-${i}` })).status);
      expect(await present(first, { jti: i })).toMatchObject(AUTHENTICATED);
    }
    expect(issuer.requests.length).toBeLessThan(8);
    expect(statuses.slice(0, 4)).toEqual(['refused', 'refused', 'refused', 'refused']);
    issuer.published = [first, second];
    expect(await present(second)).toMatchObject(UNAVAILABLE);
    pass(10);
    expect(await present(second)).toMatchObject(AUTHENTICATED);
  });

  it('that come slowly hold up only who needs them', async () => {
    const issuer = await startIssuer();
    const { present } = startAuthenticator({ jwks: issuer.url });
    expect(await present(first)).toMatchObject(AUTHENTICATED);
    let release = (): void => {};
    issuer.answer = (response) => {
      release = () => response.end(JSON.stringify({ keys: [first.published, second.published] }));
    };
    const waiting = Promise.all([present(second), present(second, { jti: 1 })]);
    await expect.poll(() => issuer.requests.length).toBe(2);
    expect(await present(first)).toMatchObject(AUTHENTICATED);
    release();
    expect(await waiting).toMatchObject([AUTHENTICATED, AUTHENTICATED]);
    expect(issuer.requests.length).toBe(2);
  });

  it('that come too slowly, a byte at a time: unavailable', { timeout: 20_000 }, async () => {
    const issuer = await startIssuer();
    issuer.answer = (response) => {
      const drip = setInterval(() => response.write(' '), 100);
      response.on('close', () => clearInterval(drip));
    };
    const { present, notices } = startAuthenticator({ jwks: issuer.url });
    expect(await present(first)).toMatchObject(UNAVAILABLE);
    expect(notices).toMatchObject([{ status: 'failed', detail: 'no whole answer within 5000 ms' }]);
  });

  it.each<[string, (response: ServerResponse, url: string) => unknown, RegExp]>([
    ['a redirect', (r, url) => r.writeHead(302, { location: url }).end(), /answered 302/],
    ['more than it should', (r) => r.end(`{"keys":[]}${' '.repeat(600_000)}`), /more than/],
    ['something else', (r) => r.end('<html>secret</html>'), /no JSON object/],
    ['no keys', (r) => r.end('{"keys":[]}'), /no key/],
    ['keys that are none', (r) => r.end('{"keys":[null,7,"x",{}]}'), /cannot|no key|malformed/i],
    ['a list', (r) => r.end('[]'), /no keys/],
  ])('answered with %s: unavailable, and told why', async (_, answer, why) => {
    const issuer = await startIssuer();
    issuer.answer = (response) => answer(response, `${issuer.url}/else`);
    const { present, notices } = startAuthenticator({ jwks: issuer.url });
    expect((await present(first)).status).not.toBe('authenticated');
    expect(notices[0]).toMatchObject({ status: 'failed', detail: expect.stringMatching(why) });
    expect(notices[0]!.detail).not.toContain('secret');
    expect(issuer.requests).toHaveLength(1);
  });

  it('are found by discovery, from metadata of that very issuer', async () => {
    const issuer = await startIssuer();
    const metadata = { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` };
    issuer.answer = (response) => {
      const { url } = issuer.requests.at(-1)!;
      const found = url === '/.well-known/openid-configuration';
      response.end(JSON.stringify(found ? metadata : { keys: [first.published] }));
    };
    const { present } = startAuthenticator({ issuer: issuer.url });
    expect(await present(first, { iss: issuer.url })).toMatchObject(AUTHENTICATED);

    for (const wrong of [
      { issuer: 'https://other.example' },
      { jwks_uri: undefined },
      { jwks_uri: 'file:///etc/passwd' },
      { jwks_uri: 'http://elsewhere.example/keys' },
    ]) {
      issuer.answer = (response) => response.end(JSON.stringify({ ...metadata, ...wrong }));
      const other = startAuthenticator({ issuer: issuer.url });
      expect(await other.present(first, { iss: issuer.url })).toMatchObject(UNAVAILABLE);
    }
  });

  it('are asked for with a token of ours, where the file says so; it goes nowhere else', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'whence-bearer-'));
    writeFileSync(join(directory, 'token'), 'ours\n');
    const elsewhere = await startIssuer();
    const issuer = await startIssuer();
    const direct = startAuthenticator({ jwks: issuer.url, jwksBearerFile: 'token' }, directory);
    expect(await direct.present(first)).toMatchObject(AUTHENTICATED);
    expect(issuer.requests[0]?.headers.authorization).toBe('Bearer ours');

    issuer.answer = (response) =>
      response.end(
        JSON.stringify({ issuer: issuer.url, jwks_uri: elsewhere.url.replace('http:', 'https:') }),
      );
    const found = startAuthenticator({ issuer: issuer.url, jwksBearerFile: 'token' }, directory);
    expect(await found.present(first, { iss: issuer.url })).toMatchObject(UNAVAILABLE);
    expect(elsewhere.requests).toEqual([]);
  });

  it('in a file are read again when one is asked for that is not there', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'whence-jwks-'));
    const publish = (...keys: SigningKey[]): void =>
      writeFileSync(join(directory, 'jwks.json'), JSON.stringify({ keys: keys.map((key) => key.published) }));
    publish(first);
    const { present } = startAuthenticator({ jwksFile: 'jwks.json' }, directory);
    expect(await present(second)).toMatchObject(KEY_UNKNOWN);
    publish(second);
    expect(await present(second)).toMatchObject(AUTHENTICATED);
  });
});
