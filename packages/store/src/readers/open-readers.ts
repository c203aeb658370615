import type { Store } from '../open.ts';
import type { ActionReader } from './action-reader.ts';
import type { ArtefactReader } from './artefact-reader.ts';
import type { CauseReader } from './cause-reader.ts';
import type { CoverageReader } from './coverage-reader.ts';
import type { OwnerRegister } from './owner-register.ts';
import type { PrincipalReader } from './principal-reader.ts';
import type { QueryReader } from './query-reader.ts';
import type { ReachReader } from './reach-reader.ts';
import type { RunReader } from './run-reader.ts';
import { storedActions } from './stored-actions.ts';
import { storedArtefacts } from './stored-artefacts.ts';
import { storedCauses } from './stored-causes.ts';
import { storedCoverage } from './stored-coverage.ts';
import { storedOwners } from './stored-owners.ts';
import { storedPrincipals } from './stored-principals.ts';
import { storedQueries } from './stored-queries.ts';
import { storedReach } from './stored-reach.ts';
import { storedRuns } from './stored-runs.ts';
import { storedTargets } from './stored-targets.ts';
import type { TargetReader } from './target-reader.ts';

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
  readonly queries: QueryReader;
}

/** Cheap: opens nothing. The store stays its opener's to close. */
export const readersOf = (store: Store, tenant: string): Readers => {
  const selection = { store, tenant };
  const runs = storedRuns(selection);
  const actions = storedActions(selection, runs);
  return {
    actions,
    runs,
    causes: storedCauses(selection),
    principals: storedPrincipals(selection),
    targets: storedTargets(selection, actions),
    coverage: storedCoverage(selection),
    reach: storedReach(selection),
    owners: storedOwners(selection),
    artefacts: storedArtefacts(selection),
    queries: storedQueries(selection),
  };
};
