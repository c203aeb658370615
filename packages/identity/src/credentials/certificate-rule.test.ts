import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../authentication/authenticator.ts';
import type { PeerCertificate } from '../authentication/peer-certificate.ts';
import { peerCertificate } from '../proof.fixture.ts';
import { readCredentials } from './credentials.ts';

const BILLING = 'spiffe://acme.internal/ns/prod/sa/billing';
const set = readCredentials(
  `
trustDomain: acme.internal
certificates:
  - san: ${BILLING}
    tenant: acme
    witness: gateway
  - san: spiffe://acme.internal/ns/*
    actor: '{+san}'
  - san: '*.db.acme.internal'
    actor: dns:{san}
  - san: mail.acme.internal
    actor: k8s://prod/mail
`,
  'whence.yaml',
);

const present = (peerCertificate: PeerCertificate, authorization?: string) =>
  createAuthenticator(set).authenticate({ peerCertificate, authorization });

describe('a client certificate', () => {
  it('is whoever the first rule that fits says', () => {
    expect(present(peerCertificate(`URI:${BILLING}`))).toEqual({
      status: 'authenticated',
      credential: {
        id: BILLING,
        tenant: 'acme',
        actor: BILLING,
        witness: 'gateway',
        grants: [],
        sends: true,
        proof: expect.objectContaining({
          kind: 'certificate',
          subject: BILLING,
          fingerprint: 'ab'.repeat(32),
        }),
      },
    });
  });

  it.each([
    ['URI:spiffe://acme.internal/ns/test/sa/x', 'spiffe://acme.internal/ns/test/sa/x'],
    ['DNS:pg-1.db.acme.internal', 'dns:pg-1.db.acme.internal'],
    ['DNS:PG-1.DB.acme.internal', 'dns:pg-1.db.acme.internal'],
    ['DNS:other.example, DNS:mail.acme.internal, IP Address:127.0.0.1', 'k8s://prod/mail'],
    ['email:a@b, URI:spiffe://acme.internal/ns/a', 'spiffe://acme.internal/ns/a'],
  ])('%s', (names, actor) => {
    expect(present(peerCertificate(names))).toMatchObject({ status: 'authenticated', credential: { actor } });
  });

  it.each([
    ['no name at all', ''],
    ['neither URI nor DNS', 'IP Address:127.0.0.1, email:mail.acme.internal'],
    ['a URI where a DNS name is listed', 'URI:mail.acme.internal'],
    ['a DNS name where a URI is listed', `DNS:${BILLING}`],
    ['another trust domain', 'URI:spiffe://evil.internal/ns/prod/sa/billing'],
    ['a name that only ends alike', 'DNS:xmail.acme.internal'],
    ['all names below a domain', 'DNS:*.db.acme.internal'],
    ['two identities', `URI:${BILLING}, URI:spiffe://acme.internal/ns/test/sa/x`],
    ['a name inside another', `DNS:"x, URI:${BILLING}"`],
    ['a name inside another that cannot be read', `DNS:"x, URI:${BILLING}`],
  ])('of nobody: %s', (_, names) => {
    expect(present(peerCertificate(names))).toMatchObject({ status: 'refused', code: 'certificate_unknown' });
  });

  it('that has expired counts no more, though its connection is open', () => {
    const expired = peerCertificate(`URI:${BILLING}`, Date.now() - 1);
    expect(present(expired)).toMatchObject({ status: 'refused', code: 'certificate_expired' });
  });

  it('does not help where a header proves nothing', () => {
    expect(present(peerCertificate(`URI:${BILLING}`), 'Bearer whk_nobody')).toEqual({ status: 'unknown' });
  });
});
