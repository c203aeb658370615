import type { Authority, InheritedFrom, Principal, SpanRef } from '@whence/model';
import type { ActionFacts } from './action-facts.ts';

/** Whom an action without a reference of its own is attributed to, and what that rests on. */
export interface Inherited {
  readonly runId: string;
  /** Absent, as are principal and authority, as long as no issuer's record of the run has arrived. */
  readonly rootRunId?: string;
  readonly runPath: readonly string[];
  readonly principal?: Principal;
  readonly authority?: Authority;
  readonly from: InheritedFrom;
}

/** What was learnt of one action at one moment. */
export interface Attribution extends SpanRef {
  /** When the records were read from which it follows: microseconds since the epoch, by the store's clock. */
  readonly knownAtMicros: bigint;
  readonly facts: ActionFacts;
  /** Absent: what was known before does not hold any more. */
  readonly inherited?: Inherited;
}
