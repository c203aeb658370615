import type { RecordedRun } from './recorded-run.ts';

/**
 * Reads runs of one tenant. A run is put together from its records: of records of different assurance the best proven
 * counts. Runs are ordered by start, those that an issuer vouches for before those that only claim.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface RunReader {
  byId(id: string): Promise<RecordedRun | undefined>;

  /** Those that are known, by id. Any number of ids. */
  byIds(ids: Iterable<string>): Promise<ReadonlyMap<string, RecordedRun>>;

  /** The run itself and all that it started, at any depth. */
  below(scope: RunScope, limit: number): Promise<RunsFound>;

  /** Runs that this one started itself. */
  children(scope: RunScope, limit: number): Promise<RunsFound>;
}

/** A run, and the root that it belongs to: its own id for a root. */
export interface RunScope {
  readonly id: string;
  readonly rootId: string;
}

export interface RunsFound {
  readonly runs: readonly RecordedRun[];
  /** There are more than were asked for. */
  readonly truncated: boolean;
}
