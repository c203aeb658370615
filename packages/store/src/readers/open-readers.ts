import { withAttributions } from '../attributions/attributed-actions.ts';
import type { AttributionReader } from '../attributions/attribution-reader.ts';
import type { EvidenceReader } from '../attributions/span-evidence.ts';
import { storedAttributions } from '../attributions/stored-attributions.ts';
import { storedEvidence } from '../attributions/stored-evidence.ts';
import type { Store } from '../open.ts';
import type { ActionReader } from './action-reader.ts';
import type { CauseReader } from './cause-reader.ts';
import type { RunReader } from './run-reader.ts';
import { storedActions } from './stored-actions.ts';
import { storedCauses } from './stored-causes.ts';
import { storedRuns } from './stored-runs.ts';

/** What one tenant may read, and nothing of anyone else's. */
export interface Readers {
  readonly actions: ActionReader;
  readonly runs: RunReader;
  readonly causes: CauseReader;
  /** What was worked out of actions that came without a reference. */
  readonly attributions: AttributionReader;
  /** What that is worked out from. */
  readonly evidence: EvidenceReader;
}

/** Cheap: opens nothing. The store stays its opener's to close. */
export const readersOf = (store: Store, tenant: string): Readers => {
  const selection = { store, tenant };
  const runs = storedRuns(selection);
  const attributions = storedAttributions(selection);
  return {
    runs,
    actions: withAttributions(selection, storedActions(selection, runs), attributions, runs),
    causes: storedCauses(selection),
    attributions,
    evidence: storedEvidence(selection),
  };
};
