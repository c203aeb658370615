import crypto from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { hashOfKey, idInKey, newKey } from '../credentials/credential-key.ts';
import { readCredentials } from '../credentials/credentials.ts';
import { createAuthenticator } from './authenticator.ts';

const mine = newKey('scheduler');
const other = newKey('billing');
const set = readCredentials(
  JSON.stringify({
    trustDomain: 'bank.example',
    keys: [
      { id: 'scheduler', hash: mine.hash, actor: 'k8s://demo/jobs/scheduler' },
      { id: 'billing', hash: other.hash, actor: 'k8s://demo/billing' },
    ],
  }),
  'keys.json',
);

const { authenticate: present } = createAuthenticator(set);
const authenticate = (authorization: string | undefined) => present({ authorization });

describe('newKey', () => {
  it('makes a key of its id and 32 random bytes, and the hash to store', () => {
    const { key, hash } = newKey('a-b-9');
    expect(key).toMatch(/^whk_a-b-9_[A-Za-z0-9_-]{43}$/);
    expect(hash).toBe(`sha256:${crypto.createHash('sha256').update(key).digest('hex')}`);
    expect(idInKey(key)).toBe('a-b-9');
    expect(newKey('a-b-9').key).not.toBe(key);
  });

  it.each(['', 'A', 'a_b', 'x'.repeat(41), 'a\n'])('refuses the id %j', (id) => {
    expect(() => newKey(id)).toThrow(RangeError);
  });
});

describe('authenticate', () => {
  it.each([`Bearer ${mine.key}`, `bearer ${mine.key}`, `BEARER   ${mine.key} `])(
    'knows the holder of a key',
    (header) => {
      expect(authenticate(header)).toEqual({
        status: 'authenticated',
        credential: set.credentials.get('scheduler'),
      });
    },
  );

  it.each([undefined, '', '  '])('says that nothing was presented: %j', (header) => {
    expect(authenticate(header)).toEqual({ status: 'missing' });
  });

  it.each([
    ['another scheme', `Basic ${Buffer.from(`a:${mine.key}`).toString('base64')}`],
    ['no scheme', mine.key],
    ['no key', 'Bearer '],
    ['another kind of key', 'Bearer ghp_abcdefghijklmnop'],
    ['a key nobody has', `Bearer ${newKey('nobody').key}`],
    ['a key never given out for a known id', `Bearer ${newKey('scheduler').key}`],
    ["another's secret under this id", `Bearer ${other.key.replace('billing', 'scheduler')}`],
    ['the stored hash itself', `Bearer ${mine.hash}`],
    ['two keys', `Bearer ${mine.key} ${other.key}`],
    ['a longer key', `Bearer ${mine.key}A`],
    ['an id that every object has', `Bearer ${newKey('scheduler').key.replace('scheduler', 'constructor')}`],
  ])('does not know %s', (_, header) => {
    expect(authenticate(header)).toEqual({ status: 'unknown' });
  });

  it('knows no key with any character changed', () => {
    fc.assert(
      fc.property(fc.nat(mine.key.length - 1), fc.constantFrom(...'Aaz09_-'), (at, character) => {
        const changed = mine.key.slice(0, at) + character + mine.key.slice(at + 1);
        const status = changed === mine.key ? 'authenticated' : 'unknown';
        expect(authenticate(`Bearer ${changed}`)).toMatchObject({ status });
      }),
    );
  });

  it('does the same work for an unknown id, a wrong secret and no key: one hash, one comparison', () => {
    const compare = vi.spyOn(crypto, 'timingSafeEqual');
    const hash = vi.spyOn(crypto, 'hash');
    // Named imports of a built-in see the spy only after this.
    syncBuiltins();
    try {
      for (const key of [newKey('nobody').key, newKey('scheduler').key, 'nothing', mine.key]) {
        compare.mockClear();
        hash.mockClear();
        void authenticate(`Bearer ${key}`);
        expect([compare.mock.calls.length, hash.mock.calls.length]).toEqual([1, 1]);
        const [a, b] = compare.mock.calls[0] as [Buffer, Buffer];
        expect([a.length, b.length]).toEqual([32, 32]);
      }
    } finally {
      vi.restoreAllMocks();
      syncBuiltins();
    }
  });

  it('compares whole keys, the id among them', () => {
    expect(hashOfKey(mine.key)).not.toEqual(hashOfKey(mine.key.replace('scheduler', 'billing')));
  });
});

function syncBuiltins(): void {
  (process.getBuiltinModule('node:module') as typeof import('node:module')).syncBuiltinESMExports();
}
