import type { SpanRef } from '@whence/model';

/**
 * Finds what somebody holds in hand who does not hold an id, of one tenant.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface ArtefactReader {
  /** Targets that begin so, the last used first: some as the shape of many. */
  targetsUnder(prefix: string, limit: number): Promise<readonly string[]>;

  /** Targets that end with a path, or go on below it: those without ids first, the last used first. */
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
