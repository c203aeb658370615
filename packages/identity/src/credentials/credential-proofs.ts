import { hash } from 'node:crypto';
import type { CredentialProof } from '@whence/model';
import type { JWTPayload } from 'jose';
import type { PeerCertificate } from '../authentication/peer-certificate.ts';
import type { WorkloadRule } from './workload-rule.ts';

const ID_DIGITS = 32;
const FINGERPRINT_DIGITS = 16;

const hashOf = (...parts: readonly string[]): string =>
  hash('sha256', JSON.stringify(parts)).slice(0, ID_DIGITS);

const millisOf = (seconds: number | undefined): number =>
  seconds === undefined || !Number.isFinite(seconds) || seconds < 0 ? 0 : Math.floor(seconds * 1000);

/** @param keyHash `sha256:…` of the credentials file: of 256 random bits, so that its beginning tells nothing */
export const keyFingerprint = (keyHash: string): string =>
  keyHash.slice('sha256:'.length).slice(0, FINGERPRINT_DIGITS);

export const keyProof = (
  trustDomain: string,
  id: string,
  keyHash: string,
  createdMillis: number,
): CredentialProof =>
  Object.freeze({
    kind: 'key',
    id: `key:${id}`,
    entryId: `key:${id}`,
    fingerprint: keyFingerprint(keyHash),
    issuer: trustDomain,
    subject: id,
    issuedAtMillis: createdMillis,
    expiresAtMillis: 0,
  });

const tokenId = (issuer: string, subject: string): string => `token:${hashOf(issuer, subject)}`;

/** Of a rule that can fit one subject alone: the id of its tokens. */
export const tokenEntryId = (issuer: string, rule: WorkloadRule): string => {
  const subject = onlySubject(rule);
  return subject === undefined
    ? `token:${hashOf(issuer, 'rule', JSON.stringify([rule.subject ?? [], [...rule.claims]]))}`
    : tokenId(issuer, subject);
};

export const onlySubject = ({ subject, claims }: WorkloadRule): string | undefined =>
  subject?.length === 1 && claims.size === 0 && !subject[0]!.includes('*') ? subject[0] : undefined;

/** @param tokenHash SHA-256 of the token: it stands for one that has no `jti` */
export const tokenProof = (
  issuer: string,
  { sub = '', jti, iat, exp }: JWTPayload,
  entryId: string,
  tokenHash: string,
): CredentialProof =>
  Object.freeze({
    kind: 'token',
    id: tokenId(issuer, sub),
    entryId,
    fingerprint: hash('sha256', typeof jti === 'string' ? jti : tokenHash).slice(0, FINGERPRINT_DIGITS),
    issuer,
    subject: sub,
    issuedAtMillis: millisOf(iat),
    expiresAtMillis: millisOf(exp),
  });

/** @param san of the rule; one with `*` stands for many certificates */
export const certificateEntryId = (san: string): string => `certificate:${hashOf(san)}`;

/** @param name of the certificate, by which it was recognised */
export const certificateProof = (
  { thumbprint, issuer, validFromMillis, validUntilMillis }: PeerCertificate,
  name: string,
  entryId: string,
): CredentialProof =>
  Object.freeze({
    kind: 'certificate',
    id: certificateEntryId(name),
    entryId,
    fingerprint: thumbprint,
    issuer,
    subject: name,
    issuedAtMillis: validFromMillis,
    expiresAtMillis: validUntilMillis,
  });
