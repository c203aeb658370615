import { RUN_PATH_MAX_LENGTH } from '@whence/model';
import { StoreError } from '../../store-error.ts';
import {
  asSettings,
  BY_ID,
  both,
  OF_TENANT,
  type Parameters,
  type Selection,
  select,
} from '../statements/select.ts';
import type { RunScope } from './run-reader.ts';
import { ZERO_UUID } from './run-row.ts';

/** What lies below a run: conditions, and the parameters that they are given. */
export interface RunBranch {
  readonly parameters: Parameters;
  /** Rows of `runs`, and rows of `otel_traces` that came after their run's record. */
  readonly runs: string;
  /** Rows of `otel_traces`. Those that came before their run's record know only their run. */
  readonly actions: string;
}

/** Ids that fit into one request line. */
const HEADS_MAX = 200;

/**
 * A run knows its nearest `RUN_PATH_MAX_LENGTH` ancestors. Runs further down are found by the farthest ancestor that
 * they know, which lies below the run itself.
 *
 * @throws StoreError `store_refused` where there are too many of those; the root of the run can be asked for instead.
 */
export const branchOf = async (selection: Selection, scope: RunScope): Promise<RunBranch> => {
  const heads = scope.id === scope.rootId ? [] : await headsBelow(selection, scope);
  const runs =
    scope.id === scope.rootId
      ? 'RootRunId = {root:UUID}'
      : `RootRunId = {root:UUID} AND (${NEAR}${heads.length === 0 ? '' : ` OR ${both(KNOWS_NO_MORE, 'has({heads:Array(UUID)}, RunPath[1])')}`})`;
  return {
    parameters: { ...runParameters(scope), ...(heads.length === 0 ? {} : { heads }) },
    runs,
    actions: `RunKey IN (
        SELECT toUInt128({run:UUID})
        UNION ALL SELECT toUInt128(RunId) FROM runs WHERE ${OF_TENANT} AND ${runs} ${asSettings(BY_ID)}
        UNION ALL SELECT toUInt128(RunId) FROM otel_traces WHERE ${OF_TENANT} AND ${runs} ${asSettings(BY_ID)})
      AND (${runs} OR RunId = {run:UUID} OR RootRunId = toUUID('${ZERO_UUID}') AND RunId IN (
        SELECT RunId FROM runs WHERE ${OF_TENANT} AND ${runs} ${asSettings(BY_ID)}))`,
  };
};

export const runParameters = ({ id, rootId }: RunScope) => ({ run: id, root: rootId });

/** Rows that know the run among their nearest ancestors, or are its own. By `runParameters`. */
export const nearRun = ({ id, rootId }: RunScope): string =>
  id === rootId ? 'RootRunId = {root:UUID}' : `RootRunId = {root:UUID} AND (${NEAR})`;

const NEAR = 'RunId = {run:UUID} OR has(RunPath, {run:UUID})';
const KNOWS_NO_MORE = `length(RunPath) >= ${RUN_PATH_MAX_LENGTH}`;

interface FarRow {
  readonly RunId: string;
  readonly Head: string;
  readonly Within: number;
}

/** Of the runs below that do not know it any more: the farthest ancestor that each knows. Mostly there are none. */
const headsBelow = async (selection: Selection, scope: RunScope): Promise<readonly string[]> => {
  const far = await select<FarRow>(
    selection,
    `SELECT DISTINCT RunId, RunPath[1] AS Head, Head IN (
       SELECT RunId FROM runs WHERE ${OF_TENANT} AND RootRunId = {root:UUID} AND (${NEAR})) AS Within
     FROM runs WHERE ${OF_TENANT} AND RootRunId = {root:UUID} AND ${KNOWS_NO_MORE} AND NOT (${NEAR})`,
    runParameters(scope),
    BY_ID,
  );
  const heads = new Set(far.filter(({ Within }) => Within === 1).map(({ Head }) => Head));
  for (let size = -1; size !== heads.size; ) {
    size = heads.size;
    const within = new Set(far.filter(({ Head }) => heads.has(Head)).map(({ RunId }) => RunId));
    for (const { Head } of far) if (within.has(Head)) heads.add(Head);
  }
  if (heads.size > HEADS_MAX) {
    throw new StoreError(
      'store_refused',
      `run ${scope.id} has more than ${HEADS_MAX} branches deeper than ${RUN_PATH_MAX_LENGTH} runs: ask for its root ${scope.rootId}`,
    );
  }
  return [...heads];
};
