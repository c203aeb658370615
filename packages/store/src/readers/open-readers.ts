import { withAttributions } from '../attributions/attributed-actions.ts';
import type { AttributionReader } from '../attributions/attribution-reader.ts';
import type { EvidenceReader } from '../attributions/span-evidence.ts';
import { storedAttributions } from '../attributions/stored-attributions.ts';
import { storedEvidence } from '../attributions/stored-evidence.ts';
import type { Store } from '../open.ts';
import type { ActionReader } from './actions/action-reader.ts';
import type { CauseReader } from './actions/cause-reader.ts';
import { storedActions } from './actions/stored-actions.ts';
import { storedCauses } from './actions/stored-causes.ts';
import type { CoverageReader } from './coverage/coverage-reader.ts';
import { storedCoverage } from './coverage/stored-coverage.ts';
import type { CredentialReader } from './credentials/credential-reader.ts';
import { storedCredentials } from './credentials/stored-credentials.ts';
import type { OwnerRegister } from './principals/owner-register.ts';
import type { PrincipalReader } from './principals/principal-reader.ts';
import { storedOwners } from './principals/stored-owners.ts';
import { storedPrincipals } from './principals/stored-principals.ts';
import type { QueryReader } from './questions/query-reader.ts';
import { storedQueries } from './questions/stored-queries.ts';
import type { ReachReader } from './reach/reach-reader.ts';
import { storedReach } from './reach/stored-reach.ts';
import type { RunReader } from './runs/run-reader.ts';
import { storedRuns } from './runs/stored-runs.ts';
import type { ArtefactReader } from './targets/artefact-reader.ts';
import { storedArtefacts } from './targets/stored-artefacts.ts';
import { storedTargets } from './targets/stored-targets.ts';
import type { TargetReader } from './targets/target-reader.ts';
import type { OperationReader } from './traces/operation-reader.ts';
import { storedOperations } from './traces/stored-operations.ts';
import { storedTraces } from './traces/stored-traces.ts';
import type { TraceReader } from './traces/trace-reader.ts';

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
