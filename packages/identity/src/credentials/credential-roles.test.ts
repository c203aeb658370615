import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../authentication/authenticator.ts';
import { peerCertificate } from '../proof.fixture.ts';
import { newKey } from './credential-key.ts';
import { readCredentials } from './credentials.ts';
import { recogniseWorkload, workloadRule } from './workload-rule.ts';

const PEOPLE = {
  claims: { groups: 'whence-auditors' },
  actor: 'user:{email}',
  role: 'auditor',
  tenant: 'acme',
};
const GRANT = { principal: { id: 'k8s://a/b/c', kind: 'workload' } };

const setOf = (entries: object) =>
  readCredentials(JSON.stringify({ trustDomain: 'd', ...entries }), 'f.yaml');
const keyed = (fields: object) => ({
  keys: [{ id: 'a', hash: newKey('a').hash, actor: 'k8s://a/b', ...fields }],
});
const faultsOf = (entries: object): readonly string[] => {
  try {
    setOf(entries);
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  throw new Error('no fault found');
};

describe('an entry without a role', () => {
  it('sends, and asks nothing', () => {
    const sender = setOf(keyed({})).credentials.get('a');
    expect([sender?.sends, sender?.role]).toEqual([true, undefined]);
  });
});

describe('an entry with a role', () => {
  it('asks, and does not send', () => {
    expect(setOf(keyed({ role: 'reader' })).credentials.get('a')).toMatchObject({
      sends: false,
      role: 'reader',
    });
  });

  it('does both where it says so', () => {
    const both = setOf(keyed({ role: 'admin', sends: true, grants: [GRANT] })).credentials.get('a');
    expect(both).toMatchObject({ sends: true, role: 'admin', grants: [{}] });
  });

  it.each([
    [{ role: 'root' }, 'keys[0].role: must be one of reader, auditor, admin'],
    [
      { role: 'reader', grants: [GRANT] },
      'keys[0].grants: are for who sends: say sends: true beside the role',
    ],
    [{ sends: false }, 'keys[0].sends: is false, and there is no role: it may do nothing'],
    [
      { actor: 'urn:whence:query' },
      'keys[0].actor: must not begin with urn:whence:, which Whence says of itself',
    ],
  ])('is refused: %j', (fields, fault) => {
    expect(faultsOf(keyed(fields))).toEqual([fault]);
  });

  it('may be that of a group of an issuer, or of a certificate', async () => {
    const recognised = recogniseWorkload([workloadRule.parse(PEOPLE)], {
      sub: '7',
      email: 'dana@example.com',
      groups: ['everyone', 'whence-auditors'],
    });
    expect(recognised).toMatchObject({
      credential: { actor: 'user:dana@example.com', role: 'auditor', tenant: 'acme', sends: false },
    });
    const set = setOf({ certificates: [{ san: 'spiffe://acme/grafana', role: 'reader' }] });
    const grafana = peerCertificate('URI:spiffe://acme/grafana');
    expect(await createAuthenticator(set).authenticate({ peerCertificate: grafana })).toMatchObject({
      credential: { actor: 'spiffe://acme/grafana', role: 'reader', sends: false },
    });
  });

  it('of a token cannot be called what Whence calls itself', () => {
    const rule = workloadRule.parse({ subject: '*', actor: 'urn:{+sub}', role: 'admin' });
    expect(recogniseWorkload([rule], { sub: 'whence:query' })).toMatchObject({ status: 'unrecognised' });
  });
});

describe('whoever asks from the same machine without a credential', () => {
  it('has the role of the section "loopback", or none', () => {
    expect(setOf(keyed({})).loopback).toBeUndefined();
    expect(setOf({ ...keyed({}), loopback: { role: 'reader' } }).loopback).toEqual({
      role: 'reader',
      tenant: 'default',
    });
    expect(faultsOf({ ...keyed({}), loopback: { role: 'root', port: 1 } })).toEqual([
      'loopback.role: must be one of reader, auditor, admin',
      expect.stringContaining('loopback: '),
    ]);
  });
});
