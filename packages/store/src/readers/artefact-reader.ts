import type { SpanRef } from '@whence/model';
import type { RecordedAction } from './recorded-action.ts';

/** What somebody holds who does not hold an id. */
export type Artefact =
  /** Resource URI. With `below`: and whatever begins with it. */
  | { readonly kind: 'target'; readonly target: string; readonly below: boolean }
  /** Any of several resource URIs. */
  | { readonly kind: 'targets'; readonly targets: readonly string[] }
  /** Fingerprint of a statement, decimal. */
  | { readonly kind: 'statement'; readonly statementHash: string };

/** Nanoseconds since the epoch. */
export interface TimeWindow {
  /** Inclusive. */
  readonly fromNanos: bigint;
  /** Exclusive. */
  readonly toNanos: bigint;
}

/**
 * Finds actions by what they did to what, of one tenant.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface ArtefactReader {
  /** Actions that touched the artefact and began in the window, newest first; each span once or, in conflict, more often. */
  touching(artefact: Artefact, window: TimeWindow, limit: number): Promise<readonly RecordedAction[]>;

  /** Targets that end with a path, or go on below it, the last used first. */
  targetsAt(path: string, limit: number): Promise<readonly string[]>;

  /** What was done on commits that begin so, what began first in front. */
  onRevision(prefix: string, limit: number): Promise<readonly RevisionWork[]>;
}

/** What one run, or one service outside of any, did on a commit. */
export interface RevisionWork {
  /** The whole id of the commit, lower case. */
  readonly revision: string;
  readonly runId?: string;
  readonly service?: string;
  readonly first: SpanRef;
  /** RFC 3339, nanoseconds, UTC: starts of the first and the last action. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly actions: number;
}
