import type { Run } from '@whence/model';

/** The runs last seen, in memory: what the issuer and the collector's attribution look up before they ask the store. */
export interface KnownRuns {
  /**
   * Keeps the run, replacing what is known of it; a run known to have ended stays ended. MUST be given the issuer's
   * records only: what a process says of its own run would be taken for the truth here.
   */
  remember(run: Run): void;
  /** Undefined where the run is not known here, which says nothing of whether it exists. */
  get(tenant: string, runId: string): Run | undefined;
  readonly size: number;
}

/** @param capacity runs kept; of more, the one not touched for longest is given up (about 1 kB each) */
export const createKnownRuns = (capacity: number): KnownRuns => {
  if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError('capacity is an integer from 1');
  // A Map iterates in order of insertion: the first key is the one not touched for longest.
  const runs = new Map<string, Run>();

  const touch = (key: string, run: Run): void => {
    runs.delete(key);
    runs.set(key, run);
  };

  return {
    remember(run) {
      const key = keyOf(run.tenant, run.id);
      const known = runs.get(key);
      touch(key, known?.endedAt !== undefined && run.endedAt === undefined ? known : run);
      if (runs.size > capacity) runs.delete(runs.keys().next().value!);
    },
    get(tenant, runId) {
      const key = keyOf(tenant, runId);
      const run = runs.get(key);
      if (run !== undefined) touch(key, run);
      return run;
    },
    get size() {
      return runs.size;
    },
  };
};

/** Run ids have a fixed length, so the two cannot run into each other. */
const keyOf = (tenant: string, runId: string): string => runId + tenant;
