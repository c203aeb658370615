import type { Run } from '@whence/model';

/** A run as it was at its start or at its end, whole each time: no record needs another to be understood. */
export type RunRecord =
  | { readonly record: 'started'; readonly run: Run }
  | { readonly record: 'ended'; readonly run: Run };

/** Where the issuer writes down what it allowed, before it says so to anyone. Implemented by the collector. */
export interface RunJournal {
  /**
   * Resolves only after the record is durable. When it rejects, nothing happened as far as the caller may say: the
   * record may or may not turn up later, and a repeated append of the same record MUST be harmless.
   */
  append(record: RunRecord): Promise<void>;

  /**
   * The run's newest record, or undefined where that tenant has no such run. MUST see every record whose append
   * resolved in this process. Rejects where it cannot know: an unreachable store is not an absent run.
   */
  find(tenant: string, runId: string): Promise<Run | undefined>;
}
