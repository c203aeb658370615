import type { Assurance, Principal } from '@whence/model';
import type { Ranked } from '../principals/ranked.ts';
import type { RunScope } from '../runs/run-reader.ts';

/**
 * Reads what runs brought about, themselves and through all runs below them, whoever these run as; of one tenant. A
 * span that was sent twice is one action. Actions whose reference failed its check are not among them; claimed ones
 * are, and are counted apart. So are those that inherit from one of the runs, as far as that was worked out.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface ReachReader {
  /** Branches are the runs that it started itself, and what it did itself under its own id. */
  ofRun(scope: RunScope, limit: number): Promise<Reach>;
  /** Branches are the runs of the principal that are below no other one of its runs. */
  ofPrincipal(asked: PrincipalReachAsked): Promise<PrincipalReach>;
}

export interface PrincipalReachAsked {
  readonly principal: string;
  /** Runs that started then or later; milliseconds since the epoch. */
  readonly fromMillis?: number;
  /** Runs that started before then. */
  readonly toMillis?: number;
  /** Items of each list. */
  readonly limit: number;
  /** Runs of the principal that are looked at, the latest. */
  readonly runs: number;
}

/** How much was done, and when it began: nanoseconds, absent where nothing was. */
export interface Reached {
  readonly actions: number;
  readonly errors: number;
  readonly firstSeen?: string;
  readonly lastSeen?: string;
}

/** Each list by actions, the most first. */
export interface Reach {
  readonly totals: Reached & {
    /** On record, whether they acted or not. */
    readonly runs: number;
    readonly assurances: Readonly<Partial<Record<Assurance, number>>>;
  };
  readonly branches: Ranked<Reached & { readonly runId: string; readonly runs: number }>;
  readonly principals: Ranked<Reached & Principal & { readonly runs: number }>;
  readonly services: Ranked<Reached & { readonly service: string }>;
  readonly systems: Ranked<Reached & { readonly system: string }>;
  readonly operations: Ranked<Reached & { readonly system?: string; readonly operation: string }>;
  readonly targets: Ranked<Reached & { readonly system?: string; readonly target: string }>;
}

export interface PrincipalReach extends Reach {
  /** Runs of the principal in the range: all, and those that were looked at. */
  readonly ownRuns: { readonly total: number; readonly considered: number; readonly earliest?: string };
}
