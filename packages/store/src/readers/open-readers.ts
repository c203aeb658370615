import type { Store } from '../open.ts';
import type { ActionReader } from './action-reader.ts';
import type { CauseReader } from './cause-reader.ts';
import type { OperationReader } from './operation-reader.ts';
import type { RunReader } from './run-reader.ts';
import { storedActions } from './stored-actions.ts';
import { storedCauses } from './stored-causes.ts';
import { storedOperations } from './stored-operations.ts';
import { storedRuns } from './stored-runs.ts';
import { storedTraces } from './stored-traces.ts';
import type { TraceReader } from './trace-reader.ts';

/** What one tenant may read, and nothing of anyone else's. */
export interface Readers {
  readonly actions: ActionReader;
  readonly runs: RunReader;
  readonly causes: CauseReader;
  readonly traces: TraceReader;
  readonly operations: OperationReader;
}

/** Cheap: opens nothing. The store stays its opener's to close. */
export const readersOf = (store: Store, tenant: string): Readers => {
  const selection = { store, tenant };
  const runs = storedRuns(selection);
  return {
    runs,
    actions: storedActions(selection, runs),
    causes: storedCauses(selection),
    traces: storedTraces(selection, runs),
    operations: storedOperations(selection),
  };
};
