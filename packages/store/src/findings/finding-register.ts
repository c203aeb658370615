import type { Finding, FindingPart, FindingState, FindingWord, Severity } from './finding.ts';
import type { MutePattern } from './mute-register.ts';

/**
 * Keeps what was found in the record of one tenant, and what people said of it. Rows are added, never rewritten.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface FindingRegister {
  /** Durable when it resolves. To tell the same again is harmless. */
  tell(parts: readonly FindingPart[]): Promise<void>;
  /** What a rule has told: of hours from `fromMillis` on, and of no hour. Newest rows of each part. */
  toldBy(rule: string, fromMillis: number): Promise<readonly ToldPart[]>;
  /** Newest first. */
  search(search: FindingSearch): Promise<FindingPage>;
  byIds(ids: readonly string[], mutes: readonly MutePattern[]): Promise<ReadonlyMap<string, Finding>>;
  /** Durable when it resolves. */
  acknowledge(id: string, said: Pick<FindingWord, 'by' | 'reason'>): Promise<void>;
  /** How many there are of each rule and state. */
  counts(mutes: readonly MutePattern[]): Promise<readonly FindingCount[]>;
}

export interface ToldPart {
  readonly part: FindingPart;
  /** Occurrences in all parts that were read of this finding. */
  readonly total: number;
}

export interface FindingSearch {
  readonly filter: FindingFilter;
  /** What is muted now. */
  readonly mutes: readonly MutePattern[];
  /** From 1 to 1000. */
  readonly limit: number;
  readonly after?: FindingPosition;
}

/** What is absent does not narrow. */
export interface FindingFilter {
  readonly rule?: string;
  /** This one or a graver one. */
  readonly severity?: Severity;
  readonly state?: FindingState;
  readonly principal?: string;
  /** How the target begins. */
  readonly target?: string;
  /** First told then or later, milliseconds since the epoch. */
  readonly fromMillis?: number;
  /** First told before. */
  readonly toMillis?: number;
}

/** Where a page ended. */
export interface FindingPosition {
  readonly detectedMicros: bigint;
  readonly id: string;
}

export interface FindingPage {
  readonly findings: readonly Finding[];
  /** Absent: this was the last page. */
  readonly next?: FindingPosition;
}

export interface FindingCount {
  readonly rule: string;
  readonly state: FindingState;
  readonly findings: number;
}
