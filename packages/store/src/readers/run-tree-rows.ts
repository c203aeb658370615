import type { RunScope } from './run-reader.ts';
import { ZERO_UUID } from './run-row.ts';

/** Conditions for what lies below a run, by the parameters `root` and `run`: see `runParameters`. */

export const runParameters = ({ id, rootId }: RunScope) => ({ run: id, root: rootId });

/** Rows of `runs`, whose key begins with tenant and root. */
export const runsBelow = ({ id, rootId }: RunScope): string =>
  id === rootId
    ? 'RootRunId = {root:UUID}'
    : 'RootRunId = {root:UUID} AND (RunId = {run:UUID} OR has(RunPath, {run:UUID}))';

/** Rows of `otel_traces`. Those that came before their run's record know only their run. */
export const actionsBelow = (scope: RunScope): string =>
  `(${runsBelow(scope)} OR RunId = {run:UUID} OR RootRunId = toUUID('${ZERO_UUID}') AND RunId IN (
     SELECT RunId FROM runs WHERE TenantId = {tenant:String} AND ${runsBelow(scope)}))`;
