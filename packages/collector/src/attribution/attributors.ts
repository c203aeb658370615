import type { KnownRuns, RunJournal } from '@whence/identity';
import type { ReferenceTrust } from '@whence/model';
import type { Logger } from 'pino';
import { Attributor } from './attributor.ts';
import { createReferenceJudge } from './reference-judge.ts';

export interface AttributorsParts {
  readonly trust: ReferenceTrust;
  readonly knownRuns: KnownRuns;
  readonly journal: RunJournal;
  readonly log: Logger;
}

/** One attributor per tenant: what is remembered of references never crosses tenants. */
export const createAttributors = (parts: AttributorsParts): ((tenant: string) => Attributor) => {
  const attributors = new Map<string, Attributor>();
  return (tenant) => {
    let attributor = attributors.get(tenant);
    if (attributor === undefined) {
      const found = (runId: string): void => attributors.get(tenant)?.forget(runId);
      attributor = new Attributor(createReferenceJudge({ ...parts, tenant, found }));
      attributors.set(tenant, attributor);
    }
    return attributor;
  };
};
