import type { CredentialKind, DeclaredCredential } from '@whence/model';
import { textOfTemplate } from './actor-template.ts';
import type { Credential } from './credential-fields.ts';
import { certificateEntryId, onlySubject, tokenEntryId } from './credential-proofs.ts';
import type { CredentialSet } from './credentials.ts';

type Duties = Pick<Credential, 'tenant' | 'sends' | 'role'>;

/** Every entry of the credentials file, whether or not anyone has ever used it. In the order of the file, by kind. */
export const declaredIn = (set: CredentialSet): readonly DeclaredCredential[] => [
  ...[...set.credentials.values()].map((credential) => ({
    ...declared('key', credential),
    entryId: credential.proof.entryId,
    pattern: false,
    actor: credential.actor,
    issuer: set.trustDomain,
    subject: credential.id,
    fingerprint: credential.proof.fingerprint,
    issuedAtMillis: credential.proof.issuedAtMillis,
    rotateAfterMillis: set.rotateAfter.get(credential.id) ?? 0,
  })),
  ...[...set.issuers.values()].flatMap(({ issuer, workloads }) =>
    workloads.map((rule) => ({
      ...declared('token', rule),
      entryId: tokenEntryId(issuer, rule),
      pattern: onlySubject(rule) === undefined,
      actor: textOfTemplate(rule.actor),
      issuer,
      subject: [
        ...(rule.subject ?? []),
        ...[...rule.claims].map(([claim, values]) => `${claim}=${values.join('|')}`),
      ].join(' '),
    })),
  ),
  ...set.certificates.map((rule) => ({
    ...declared('certificate', rule),
    entryId: certificateEntryId(rule.san),
    pattern: rule.san.includes('*'),
    actor: textOfTemplate(rule.actor).replace('{+san}', rule.san.includes('*') ? '{+san}' : rule.san),
    issuer: '',
    subject: rule.san,
  })),
];

const declared = (kind: CredentialKind, { tenant, sends, role }: Duties) => ({
  tenant,
  kind,
  fingerprint: '',
  issuedAtMillis: 0,
  rotateAfterMillis: 0,
  duties: [...(sends ? ['sends'] : []), ...(role === undefined ? [] : [role])],
});
