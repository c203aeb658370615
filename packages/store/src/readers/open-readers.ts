import { withAttributions } from '../attributions/attributed-actions.ts';
import type { AttributionReader } from '../attributions/attribution-reader.ts';
import type { EvidenceReader } from '../attributions/span-evidence.ts';
import { storedAttributions } from '../attributions/stored-attributions.ts';
import { storedEvidence } from '../attributions/stored-evidence.ts';
import type { Store } from '../open.ts';
import type { ActionReader } from './action-reader.ts';
import type { ArtefactReader } from './artefact-reader.ts';
import type { CauseReader } from './cause-reader.ts';
import type { CoverageReader } from './coverage-reader.ts';
import type { CredentialReader } from './credential-reader.ts';
import type { OperationReader } from './operation-reader.ts';
import type { OwnerRegister } from './owner-register.ts';
import type { PrincipalReader } from './principal-reader.ts';
import type { QueryReader } from './query-reader.ts';
import type { ReachReader } from './reach-reader.ts';
import type { RunReader } from './run-reader.ts';
import { storedActions } from './stored-actions.ts';
import { storedArtefacts } from './stored-artefacts.ts';
import { storedCauses } from './stored-causes.ts';
import { storedCoverage } from './stored-coverage.ts';
import { storedCredentials } from './stored-credentials.ts';
import { storedOperations } from './stored-operations.ts';
import { storedOwners } from './stored-owners.ts';
import { storedPrincipals } from './stored-principals.ts';
import { storedQueries } from './stored-queries.ts';
import { storedReach } from './stored-reach.ts';
import { storedRuns } from './stored-runs.ts';
import { storedTargets } from './stored-targets.ts';
import { storedTraces } from './stored-traces.ts';
import type { TargetReader } from './target-reader.ts';
import type { TraceReader } from './trace-reader.ts';

/** What one tenant may read, and nothing of anyone else's. */
export interface Readers {
  readonly actions: ActionReader;
  readonly runs: RunReader;
  readonly causes: CauseReader;
  readonly artefacts: ArtefactReader;
  readonly principals: PrincipalReader;
  readonly targets: TargetReader;
  readonly coverage: CoverageReader;
  readonly reach: ReachReader;
  readonly owners: OwnerRegister;
  readonly credentials: CredentialReader;
  readonly queries: QueryReader;
  readonly traces: TraceReader;
  readonly operations: OperationReader;
  /** What was worked out of actions that came without a reference. */
  readonly attributions: AttributionReader;
  /** What that is worked out from. */
  readonly evidence: EvidenceReader;
}

/**
 * Cheap: opens nothing. The store stays its opener's to close.
 *
 * @param asOfMillis actions, records of runs and attributions that came later are left out, as if it were that time
 * still. What is counted of principals, targets and credentials is as it is now. Milliseconds since the epoch.
 */
export const readersOf = (store: Store, tenant: string, asOfMillis?: number): Readers => {
  const selection = { store, tenant, ...(asOfMillis === undefined ? {} : { asOfMillis }) };
  const runs = storedRuns(selection);
  const attributions = storedAttributions(selection);
  const actions = withAttributions(selection, storedActions(selection, runs), attributions, runs);
  return {
    actions,
    runs,
    causes: storedCauses(selection),
    principals: storedPrincipals(selection),
    targets: storedTargets(selection, actions),
    coverage: storedCoverage(selection),
    reach: storedReach(selection),
    owners: storedOwners(selection),
    credentials: storedCredentials(selection),
    artefacts: storedArtefacts(selection),
    queries: storedQueries(selection),
    traces: storedTraces(selection, runs),
    operations: storedOperations(selection),
    attributions,
    evidence: storedEvidence(selection),
  };
};
