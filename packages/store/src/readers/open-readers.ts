import type { Store } from '../open.ts';
import type { ActionReader } from './action-reader.ts';
import { actionsOfRows } from './actions-of-rows.ts';
import type { ArtefactReader } from './artefact-reader.ts';
import type { CauseReader } from './cause-reader.ts';
import type { RunReader } from './run-reader.ts';
import { storedActions } from './stored-actions.ts';
import { storedArtefacts } from './stored-artefacts.ts';
import { storedCauses } from './stored-causes.ts';
import { storedRuns } from './stored-runs.ts';

/** What one tenant may read, and nothing of anyone else's. */
export interface Readers {
  readonly actions: ActionReader;
  readonly runs: RunReader;
  readonly causes: CauseReader;
  readonly artefacts: ArtefactReader;
}

/** Cheap: opens nothing. The store stays its opener's to close. */
export const readersOf = (store: Store, tenant: string): Readers => {
  const selection = { store, tenant };
  const runs = storedRuns(selection);
  return {
    runs,
    actions: storedActions(selection, runs),
    causes: storedCauses(selection),
    artefacts: storedArtefacts(selection, actionsOfRows(runs)),
  };
};
