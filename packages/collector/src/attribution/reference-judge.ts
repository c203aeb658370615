import type { KnownRuns, RunJournal } from '@whence/identity';
import { parseReference, type ReferenceTrust, verifyReference } from '@whence/model';
import type { Logger } from 'pino';
import type { ReferenceJudge } from './attributor.ts';

/** Runs that are looked up in the store at once; more wait for another span to ask. */
const MAX_LOOKUPS = 64;

export interface JudgeParts {
  readonly tenant: string;
  readonly trust: ReferenceTrust;
  readonly knownRuns: KnownRuns;
  readonly journal: RunJournal;
  readonly log: Logger;
  /** Called when the record of a run that was wanted is known. */
  readonly found: (runId: string) => void;
}

/** Judges references for one tenant by MAC and by the issuer's records. */
export const createReferenceJudge = (parts: JudgeParts): ReferenceJudge => {
  const { tenant, trust, knownRuns, journal, log, found } = parts;
  const lookups = new Set<string>();
  return {
    judge: (text) => {
      const parsed = parseReference(text);
      if (parsed.status === 'malformed') return undefined;
      const { assurance } = verifyReference(parsed.reference, trust);
      return { assurance, runId: parsed.reference.runId };
    },
    recordOf: (runId) => knownRuns.get(tenant, runId),
    wanted: (runId) => {
      if (lookups.has(runId) || lookups.size >= MAX_LOOKUPS) return;
      lookups.add(runId);
      journal
        .find(tenant, runId)
        .then((run) => {
          if (run === undefined || run.assurance !== 'verified') return;
          knownRuns.remember(run);
          found(runId);
        })
        .catch((error: unknown) => log.debug({ err: error, runId }, 'run record not found yet'))
        .finally(() => lookups.delete(runId));
    },
  };
};
