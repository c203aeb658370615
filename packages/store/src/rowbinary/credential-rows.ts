import type { CredentialProof, DeclaredCredential } from '@whence/model';
import { CREDENTIAL_RECORDS } from '../tables/credential-records.ts';
import { type RowValues, writeRow } from './row-values.ts';
import type { RowWriter } from './row-writer.ts';
import type { RowPlace } from './run-rows.ts';

const RECORDS = ['used', 'declared', 'withdrawn'] as const;
const STANDS = ['one', 'many'] as const;

/** What was counted of one credential, for a while. */
export interface CredentialUse {
  readonly tenant: string;
  /** The workload that it was taken for. */
  readonly actor: string;
  /** Of several tokens the newest. */
  readonly proof: CredentialProof;
  readonly firstUsedMillis: number;
  readonly lastUsedMillis: number;
  /** Requests. */
  readonly uses: number;
  /** Accepted with them. */
  readonly spans: number;
  /** Some of those that they came from. */
  readonly addresses: readonly string[];
  /** Requests from addresses that are not among these. */
  readonly usesElsewhere: number;
}

/** Something that is told of a credential. */
export type CredentialRecord =
  | { readonly record: 'used'; readonly use: CredentialUse }
  /** The credentials file has it, or no longer. */
  | {
      readonly record: 'declared' | 'withdrawn';
      readonly entry: DeclaredCredential;
      readonly atMillis: number;
    };

/** Who tells it. */
export interface CredentialWitness {
  /** `whence-collector`, `whence-query` */
  readonly service: string;
  readonly host: string;
}

/** Encodes one row of `credential_records`. */
export const encodeCredentialRecord = (
  writer: RowWriter,
  told: CredentialRecord,
  { service, host }: CredentialWitness,
  place: RowPlace,
): void =>
  writeRow(writer, CREDENTIAL_RECORDS, {
    Record: RECORDS.indexOf(told.record),
    ...(told.record === 'used' ? ofUse(told.use) : ofEntry(told.entry, told.atMillis)),
    Service: service,
    Host: host,
    ReceivedAt: BigInt(place.receivedAtMillis),
    BatchId: Buffer.from(place.batchId).toString('hex'),
    RowNumber: place.rowNumber,
  });

const ofUse = ({ tenant, actor, proof, ...use }: CredentialUse): RowValues => ({
  TenantId: tenant,
  CredentialId: proof.id,
  EntryId: proof.entryId,
  Kind: proof.kind,
  Actor: actor,
  Issuer: proof.issuer,
  Subject: proof.subject,
  Fingerprint: proof.fingerprint,
  IssuedAt: BigInt(proof.issuedAtMillis),
  ExpiresAt: BigInt(proof.expiresAtMillis),
  FirstUsed: BigInt(use.firstUsedMillis),
  LastUsed: BigInt(use.lastUsedMillis),
  Uses: BigInt(use.uses),
  Spans: BigInt(use.spans),
  Addresses: [...use.addresses],
  UsesElsewhere: BigInt(use.usesElsewhere),
});

const ofEntry = (entry: DeclaredCredential, atMillis: number): RowValues => ({
  TenantId: entry.tenant,
  CredentialId: entry.entryId,
  EntryId: entry.entryId,
  Stands: STANDS.indexOf(entry.pattern ? 'many' : 'one'),
  Kind: entry.kind,
  Actor: entry.actor,
  Issuer: entry.issuer,
  Subject: entry.subject,
  Fingerprint: entry.fingerprint,
  Duties: [...entry.duties],
  IssuedAt: BigInt(entry.issuedAtMillis),
  RotateAfter: BigInt(entry.rotateAfterMillis),
  FirstUsed: BigInt(atMillis),
  LastUsed: BigInt(atMillis),
});
