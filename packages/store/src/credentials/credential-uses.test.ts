import type { CredentialProof } from '@whence/model';
import { describe, expect, it } from 'vitest';
import { CredentialUses } from './credential-uses.ts';

const proof = (more: Partial<CredentialProof> = {}): CredentialProof => ({
  kind: 'token',
  id: 'token:1',
  entryId: 'token:1',
  fingerprint: 'a',
  issuer: 'https://issuer.example',
  subject: 'billing',
  issuedAtMillis: 1,
  expiresAtMillis: 10,
  ...more,
});

const holder = (more: Partial<CredentialProof> = {}) => ({
  tenant: 'default',
  actor: 'k8s://prod/billing',
  proof: proof(more),
});

describe('uses of credentials', () => {
  it('are counted from one taking to the next', () => {
    const uses = new CredentialUses(10);
    const key = holder();
    uses.used(key, '10.0.0.1', 1000);
    uses.accepted(key, 5, 1001);
    uses.used(key, '10.0.0.2', 1002);
    expect(uses.take()).toEqual([
      {
        ...key,
        firstUsedMillis: 1000,
        lastUsedMillis: 1002,
        uses: 2,
        spans: 5,
        addresses: ['10.0.0.1', '10.0.0.2'],
        usesElsewhere: 0,
      },
    ]);
    expect(uses.take()).toEqual([]);
    // Of a request that came before.
    uses.accepted(key, 3, 1003);
    expect(uses.take()).toMatchObject([{ uses: 0, spans: 3, firstUsedMillis: 1003, lastUsedMillis: 1003 }]);
  });

  it('of several tokens of a subject are one, by the newest; of another actor or tenant they are not', () => {
    const uses = new CredentialUses(10);
    uses.used(holder({ fingerprint: 'new', issuedAtMillis: 2 }), 'x', 2);
    uses.used(holder({ fingerprint: 'old' }), 'y', 1);
    uses.used({ ...holder(), actor: 'k8s://prod/other' }, 'x', 3);
    uses.used({ ...holder(), tenant: 'other' }, 'x', 4);
    const [first, ...rest] = uses.take();
    expect(first).toMatchObject({
      proof: { fingerprint: 'new' },
      uses: 2,
      firstUsedMillis: 1,
      lastUsedMillis: 2,
      addresses: ['x', 'y'],
    });
    expect(rest.map(({ tenant, actor, uses: count }) => [tenant, actor, count])).toEqual([
      ['default', 'k8s://prod/other', 1],
      ['other', 'k8s://prod/billing', 1],
    ]);
  });

  it('of several issues of a key or certificate are several', () => {
    const uses = new CredentialUses(10);
    for (const fingerprint of ['a', 'b']) uses.used(holder({ kind: 'certificate', fingerprint }), 'x', 1);
    expect(uses.take().map((use) => use.proof.fingerprint)).toEqual(['a', 'b']);
  });

  it('are bounded: credentials beyond are told not to be counted, addresses beyond are counted together', () => {
    const uses = new CredentialUses(1);
    const key = holder();
    for (let i = 0; i < 40; i++) expect(uses.used(key, `10.0.0.${i}`, i)).toBe(true);
    expect(uses.full).toBe(true);
    expect(uses.used(holder(), 'x', 1)).toBe(false);
    const [only, ...others] = uses.take();
    expect([only?.uses, only?.addresses.length, only?.usesElsewhere, others]).toEqual([40, 32, 8, []]);
    expect(uses.full).toBe(false);
  });
});
