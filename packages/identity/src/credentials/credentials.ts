import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { type TokenIssuer, tokenIssuer } from '../authentication/token-issuer.ts';
import { identityError } from '../identity-error.ts';
import { faultsText, readSettings } from '../read-settings.ts';
import { type CertificateRule, certificateRule } from './certificate-rule.ts';
import { type Credential, day, standing, tenantId, uri, withDuties } from './credential-fields.ts';
import { CREDENTIAL_ID, KEY_HASH, withoutKeys } from './credential-key.ts';
import { keyProof } from './credential-proofs.ts';
import { ROLES, type Role } from './role.ts';

/** Who is recognised, by which proof, and what each may do. */
export interface CredentialSet {
  readonly trustDomain: string;
  /** Holders of a key, by credential id. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** SHA-256 of the key text, by credential id. */
  readonly hashes: ReadonlyMap<string, Buffer>;
  /** When a key is to be replaced, milliseconds since the epoch, by credential id; of those that say so. */
  readonly rotateAfter: ReadonlyMap<string, number>;
  /** Whose tokens count, by `iss`. */
  readonly issuers: ReadonlyMap<string, TokenIssuer>;
  /** In the order of the file. */
  readonly certificates: readonly CertificateRule[];
  /** By tenant. */
  readonly limits: ReadonlyMap<string, TenantLimit>;
  /** What whoever presents nothing may ask from the same machine. Absent: nothing. */
  readonly loopback?: { readonly role: Role; readonly tenant: string } | undefined;
}

/** What a tenant may send, in inflated bytes; over the collector's default. */
export interface TenantLimit {
  /** 0: no limit. */
  readonly bytesPerSecond: number;
  /** Sent at once after a pause. Absent: the collector's choice. */
  readonly burstBytes?: number | undefined;
}

const key = z
  .strictObject({
    id: z.string().regex(CREDENTIAL_ID, 'must be 1 to 40 of a-z, 0-9 and -'),
    hash: z
      .string()
      .regex(KEY_HASH, 'must be sha256: and 64 lower-case hex digits (the hash, never the key itself)'),
    ...standing,
    actor: uri,
    created: day.optional(),
    rotateAfter: day.optional(),
  })
  .transform(withDuties);

const loopback = z.strictObject({
  role: z.enum(ROLES, `must be one of ${ROLES.join(', ')}`),
  tenant: standing.tenant,
});

const tenant = z.strictObject({
  id: tenantId,
  bytesPerSecond: z.int().min(0),
  burstBytes: z.int().min(1).optional(),
});

/** A list in which no two entries have one of these fields alike. */
const listOf = <Entry extends z.ZodType>(entry: Entry, section: string, unique: readonly string[]) =>
  z.array(entry).superRefine((entries, context) => {
    for (const field of unique) {
      const first = new Map<unknown, number>();
      entries.forEach((each, at) => {
        const value = (each as Readonly<Record<string, unknown>>)[field];
        const before = first.get(value);
        if (before === undefined) first.set(value, at);
        else {
          const message = `is that of ${section}[${before}] as well`;
          context.addIssue({ code: 'custom', path: [at, field], message });
        }
      });
    }
  });

const fileIn = (directory: string) =>
  z
    .strictObject({
      trustDomain: z.string().regex(/^[a-z0-9._-]{1,255}$/, 'must be 1 to 255 of a-z, 0-9, ., _ and -'),
      keys: listOf(key, 'keys', ['id', 'hash']).optional(),
      issuers: listOf(
        tokenIssuer((path) => resolve(directory, path)),
        'issuers',
        ['issuer'],
      ).optional(),
      certificates: listOf(certificateRule, 'certificates', ['san']).optional(),
      tenants: listOf(tenant, 'tenants', ['id']).default([]),
      loopback: loopback.optional(),
    })
    .superRefine(({ keys, issuers, certificates, tenants }, context) => {
      if (keys === undefined && issuers === undefined && certificates === undefined) {
        context.addIssue({
          code: 'custom',
          message: 'recognises nobody: give keys, issuers or certificates',
        });
      }
      const workloads = (issuers ?? []).flatMap((issuer) => issuer.workloads);
      const known = new Set(
        [keys, workloads, certificates].flatMap((all) => (all ?? []).map((each) => each.tenant)),
      );
      tenants.forEach(({ id }, at) => {
        if (known.has(id)) return;
        context.addIssue({
          code: 'custom',
          path: ['tenants', at, 'id'],
          message: 'is the tenant of nobody in the file',
        });
      });
    });

/**
 * @param text the credentials file, YAML or JSON
 * @param source its path: for messages, and what relative paths in it start from
 * @throws CodedError `credentials_invalid`, with every fault and where it is; no value of the file is repeated
 */
export const readCredentials = (text: string, source: string): CredentialSet => {
  const read = readSettings(fileIn(dirname(source)), text);
  if (read.status === 'faulty') {
    throw identityError('credentials_invalid', withoutKeys(faultsText(source, read.faults)));
  }
  const { trustDomain, keys = [], issuers = [], certificates = [], tenants, loopback } = read.settings;
  return {
    trustDomain,
    credentials: new Map(
      keys.map(({ hash, created = 0, rotateAfter: _, ...standing }) => {
        const proof = keyProof(trustDomain, standing.id, hash, created);
        return [standing.id, Object.freeze({ ...standing, proof }) as Credential];
      }),
    ),
    rotateAfter: new Map(
      keys.flatMap(({ id, rotateAfter }) => (rotateAfter === undefined ? [] : [[id, rotateAfter]])),
    ),
    hashes: new Map(keys.map(({ id, hash }) => [id, Buffer.from(hash.slice('sha256:'.length), 'hex')])),
    issuers: new Map(issuers.map((each) => [each.issuer, each])),
    certificates,
    limits: new Map(tenants.map(({ id, ...limit }) => [id, limit])),
    ...(loopback === undefined ? {} : { loopback }),
  };
};
