import { expect, it } from 'vitest';
import { createAuthenticator } from '../authentication/authenticator.ts';
import { peerCertificate } from '../proof.fixture.ts';
import { newKey } from './credential-key.ts';
import { readCredentials } from './credentials.ts';
import { declaredIn } from './declared-credentials.ts';

const { hash } = newKey('scheduler');
const read = (more = '') =>
  readCredentials(
    `
trustDomain: bank.example
keys:
  - id: scheduler
    hash: ${hash}
    actor: k8s://prod/jobs/scheduler
    tenant: acme
    ${more}
  - id: grafana
    hash: ${newKey('grafana').hash}
    actor: k8s://prod/monitoring/grafana
    role: reader
issuers:
  - issuer: https://issuer.example
    audience: whence
    workloads:
      - { subject: 'system:serviceaccount:prod:billing', actor: 'k8s://prod/billing' }
      - { subject: 'system:serviceaccount:prod:*', actor: 'k8s://prod/{kubernetes.io/serviceaccount/name}' }
      - { claims: { repository: acme/shop, ref: refs/heads/main }, actor: 'github://{+repository}' }
certificates:
  - { san: 'spiffe://acme/ns/prod/sa/mail' }
  - { san: 'spiffe://acme/ns/*' }
`,
    'whence.yaml',
  );

it('lists every entry, whatever its proof, with what the file says of it', () => {
  const entries = declaredIn(read('created: 2026-01-02\n    rotateAfter: 2026-07-01'));
  expect(entries.map(({ kind, subject, actor, pattern }) => [kind, subject, actor, pattern])).toEqual([
    ['key', 'scheduler', 'k8s://prod/jobs/scheduler', false],
    ['key', 'grafana', 'k8s://prod/monitoring/grafana', false],
    ['token', 'system:serviceaccount:prod:billing', 'k8s://prod/billing', false],
    ['token', 'system:serviceaccount:prod:*', 'k8s://prod/{kubernetes.io/serviceaccount/name}', true],
    ['token', 'repository=acme/shop ref=refs/heads/main', 'github://{+repository}', true],
    ['certificate', 'spiffe://acme/ns/prod/sa/mail', 'spiffe://acme/ns/prod/sa/mail', false],
    ['certificate', 'spiffe://acme/ns/*', '{+san}', true],
  ]);
  expect(new Set(entries.map(({ entryId }) => entryId)).size).toBe(entries.length);
  expect(entries[0]).toMatchObject({
    tenant: 'acme',
    duties: ['sends'],
    issuedAtMillis: Date.parse('2026-01-02'),
    rotateAfterMillis: Date.parse('2026-07-01'),
  });
  expect(entries[1]).toMatchObject({ tenant: 'default', duties: ['reader'] });
});

it('has nothing in it that a key could be known by, but the beginning of its hash', () => {
  const text = JSON.stringify(declaredIn(read()));
  const digits = hash.slice('sha256:'.length);
  expect(text).toContain(digits.slice(0, 16));
  expect(text).not.toContain(digits.slice(0, 17));
});

it('an entry that is one credential has its id; one that stands for many, another', () => {
  const set = read();
  const [mail, rule] = declaredIn(set).filter(({ kind }) => kind === 'certificate');
  const proofOf = (san: string) => {
    const known = createAuthenticator(set).authenticate({ peerCertificate: peerCertificate(`URI:${san}`) });
    return 'credential' in known ? known.credential.proof : undefined;
  };
  expect(proofOf('spiffe://acme/ns/prod/sa/mail')).toMatchObject({
    id: mail!.entryId,
    entryId: mail!.entryId,
  });
  const other = proofOf('spiffe://acme/ns/prod/sa/other')!;
  expect(other.entryId).toBe(rule!.entryId);
  expect(other.id).not.toBe(rule!.entryId);
});

it.each(['created: yesterday', 'rotateAfter: 12', 'created: 2026-13-01'])('%s is refused', (field) => {
  expect(() => read(field)).toThrow(/keys\[0\]\.(created|rotateAfter): must be a day/);
});
