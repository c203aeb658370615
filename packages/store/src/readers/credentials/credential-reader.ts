import type { CredentialKind } from '@whence/model';
import type { Ranked } from '../principals/ranked.ts';

/** What the credentials files say, or said, of the entry by which a credential is recognised. */
export interface CredentialEntry {
  /** That of the credential, unless the entry is a rule that stands for many. */
  readonly id: string;
  /** As the file has it: of a rule with `*`, or with claims. */
  readonly subject: string;
  /** As the file has it: of a rule with `{claim}` in it. */
  readonly actor: string;
  /** `sends`, and the role with which it asks. */
  readonly duties: readonly string[];
  /** RFC 3339, milliseconds. When it was first told, and last: listed entries are told again every hour. */
  readonly firstDeclared: string;
  readonly lastDeclared: string;
  /** Since when no file has it any more. */
  readonly withdrawn?: string;
  /** When the key is to be replaced, as the file says. */
  readonly rotateAfter?: string;
}

/** A credential, or a rule that stands for many, and what was done with it. Times are RFC 3339, milliseconds. */
export interface CredentialSummary {
  readonly id: string;
  readonly kind: CredentialKind;
  /** Whether it is a rule: then its uses are those of all that it recognised. */
  readonly rule: boolean;
  readonly issuer: string;
  readonly subject: string;
  /** Which issue was used last, or is in the file. */
  readonly fingerprint?: string;
  /** Workloads that it was taken for. */
  readonly actors: Ranked<string>;
  /** Absent: no credentials file was ever told to have it. */
  readonly entry?: CredentialEntry;
  /** Of the newest issue. Absent: not known. */
  readonly issuedAt?: string;
  /** Of the issue that lasts longest. Absent: never, or not known. */
  readonly expiresAt?: string;
  /** The earliest that is known of it: it is as old as that, or older. */
  readonly knownSince: string;
  /** Absent: never used. */
  readonly firstUsed?: string;
  readonly lastUsed?: string;
  /** Requests. */
  readonly uses: number;
  /** Spans that were accepted with it. */
  readonly spans: number;
  /** That requests came from, those of the last record first. The total is exact for a few, within 2 % for many. */
  readonly addresses: Ranked<string>;
  /** Requests from addresses that were too many to be told apart. */
  readonly usesElsewhere: number;
  /** Of a key or certificate: how many different ones were used, and since when the newest. Of tokens it is not kept. */
  readonly issues?: { readonly total: number; readonly newestSince: string };
}

/** One key or certificate among those that had the same name one after the other. */
export interface CredentialIssue {
  readonly fingerprint: string;
  readonly issuedAt?: string;
  readonly expiresAt?: string;
  readonly firstUsed: string;
  readonly lastUsed: string;
  readonly uses: number;
}

export interface CredentialDetail {
  readonly credential: CredentialSummary;
  /** The one used last first. Empty: tokens, or never used. */
  readonly issues: Ranked<CredentialIssue>;
  /** Of a rule: the credentials that it recognised, the one used last first. */
  readonly recognised: Ranked<string>;
}

/** All that are given have to be met. Times are milliseconds since the epoch. */
export interface CredentialFilter {
  readonly kind?: CredentialKind;
  /** Taken for one of these, or declared for it. */
  readonly actors?: readonly string[];
  /** Not used since then; where it never was, known before then. */
  readonly unusedSinceMillis?: number;
  /** Issued, or else first known, before then. */
  readonly issuedBeforeMillis?: number;
  /** Its last issue ends before then; of those that end. */
  readonly endsBeforeMillis?: number;
  /** Its last issue does not end before then, or never. */
  readonly lastsUntilMillis?: number;
  /** To be replaced before then, as the file says. */
  readonly rotateBeforeMillis?: number;
  /** Whether it was ever used. */
  readonly used?: boolean;
  /** Whether a credentials file has it. */
  readonly declared?: boolean;
  /** Whether it is a rule that stands for many. */
  readonly rule?: boolean;
}

/** The one unused for longest first, those never used before; the one used last first; the oldest first. */
export const CREDENTIAL_ORDERS = ['idle', 'recent', 'oldest'] as const;
export type CredentialOrder = (typeof CREDENTIAL_ORDERS)[number];

export interface CredentialPosition {
  readonly value: bigint;
  readonly id: string;
}

export interface CredentialSearch {
  readonly filter: CredentialFilter;
  readonly order: CredentialOrder;
  readonly limit: number;
  readonly after?: CredentialPosition;
}

export interface CredentialPage {
  readonly credentials: readonly CredentialSummary[];
  /** Those on this page, and on the pages after it. */
  readonly left: number;
  /** Where the page ended. Absent: it was the last. */
  readonly next?: CredentialPosition;
}

/** By which credentials senders and askers came. @throws StoreError `store_unavailable`, `store_refused` */
export interface CredentialReader {
  list(search: CredentialSearch): Promise<CredentialPage>;
  /** @param limit of issues, and of what a rule recognised */
  byId(id: string, limit: number): Promise<CredentialDetail | undefined>;
}
