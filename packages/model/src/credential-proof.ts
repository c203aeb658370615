export const CREDENTIAL_KINDS = ['key', 'token', 'certificate'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** By what a workload proved who it is: enough to know it again, and nothing that could be presented. */
export interface CredentialProof {
  readonly kind: CredentialKind;
  /** The same over renewals: `key:<id>`; of a token its issuer and subject, of a certificate the name that counts, hashed. */
  readonly id: string;
  /** The entry of the credentials file that recognises it. Another id where the entry stands for many. */
  readonly entryId: string;
  /** Which issue of it this is. Of a certificate the SHA-256 thumbprint; otherwise the beginning of a hash. */
  readonly fingerprint: string;
  /** `iss` of a token, issuer of a certificate; of a key the trust domain, whose file it is in. */
  readonly issuer: string;
  /** `sub` of a token, name of a certificate, id of a key. */
  readonly subject: string;
  /** Milliseconds since the epoch; 0: not known. */
  readonly issuedAtMillis: number;
  /** Milliseconds since the epoch; 0: never, or not known. */
  readonly expiresAtMillis: number;
}

/** An entry of the credentials file: a credential, or a rule that stands for many. */
export interface DeclaredCredential {
  readonly tenant: string;
  readonly kind: CredentialKind;
  /** That of the credential, where the entry is one. */
  readonly entryId: string;
  /** Whether it stands for many: its subject has `*` in it, or it goes by claims. */
  readonly pattern: boolean;
  /** As the file has it: a URI, or one with `{claim}` in it. */
  readonly actor: string;
  readonly issuer: string;
  readonly subject: string;
  /** Of a key: the beginning of its hash. Otherwise empty. */
  readonly fingerprint: string;
  /** `created` of the entry; 0: it does not say. */
  readonly issuedAtMillis: number;
  /** `rotateAfter` of the entry; 0: it does not say. */
  readonly rotateAfterMillis: number;
  /** What it may do: `sends`, and the role with which it asks. */
  readonly duties: readonly string[];
}
