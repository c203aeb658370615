import { BEST_RECORD } from '../principals/rollup-rows.ts';
import type { RunScope } from '../runs/run-reader.ts';
import { asSettings, BY_ID, OF_TENANT } from '../statements/select.ts';

/**
 * Runs that are reached from somewhere: a statement that gives `RunId`, `Branch` (the run under which it is counted),
 * `Principal` and `Kind` as its best record says. And when the first of them began, for what need not be read.
 */
export interface ReachedRuns {
  readonly sql: string;
  /** A scalar: DateTime64. */
  readonly since: string;
  /** The ids of their roots: a statement of one column, or a list. */
  readonly roots: string;
}

const recordsOf = (roots: string): string => `
  SELECT RunId, best.1 AS Root, best.2 AS Path, best.3 AS Principal, best.4 AS Kind FROM (
    SELECT RunId,
      argMin((RootRunId, RunPath, toString(PrincipalId), toString(PrincipalKind)), ${BEST_RECORD}) AS best
    FROM runs WHERE ${OF_TENANT} AND ${roots} GROUP BY RunId ${asSettings(BY_ID)})`;

/** By the parameters `run` and `root`: see `runParameters`. The run itself is among them, recorded or not. */
export const reachedFromRun = ({ id, rootId }: RunScope): ReachedRuns => {
  const below = id === rootId ? '1' : '(RunId = {run:UUID} OR has(Path, {run:UUID}))';
  return {
    sql: `
      SELECT RunId, if(RunId = {run:UUID}, RunId, line[indexOf(line, {run:UUID}) + 1]) AS Branch, Principal, Kind FROM (
        SELECT RunId, Principal, Kind, arrayPushBack(Path, RunId) AS line
        FROM (${recordsOf('RootRunId = {root:UUID}')}) WHERE ${below})`,
    since: `(SELECT min(least(StartedAt, ReceivedAt)) FROM runs
      WHERE TenantId = {tenant:String} AND toUInt128(RunId) = toUInt128({run:UUID}) AND RootRunId = {root:UUID})`,
    roots: '{root:UUID}',
  };
};

/**
 * The latest runs of `{principal:String}` that started in [`{from:Int64}`, `{to:Int64}`), milliseconds; `{runs:UInt32}`
 * at most. A claim to a run that its issuer gives to somebody else does not count.
 */
export const OWN_RUNS = `
  SELECT RunId, any(RootRunId) AS RootRunId, min(StartedAt) AS Began FROM principal_runs
  WHERE TenantId = {tenant:String} AND PrincipalId = {principal:String}
    AND StartedAt >= fromUnixTimestamp64Milli({from:Int64}) AND StartedAt < fromUnixTimestamp64Milli({to:Int64})
  GROUP BY RunId
  HAVING max(Assurance = 'verified') OR RunId NOT IN (
    SELECT RunId FROM runs WHERE TenantId = {tenant:String} AND Assurance = 'verified' AND toUInt128(RunId) IN (
      SELECT toUInt128(RunId) FROM principal_runs
      WHERE TenantId = {tenant:String} AND PrincipalId = {principal:String} AND Assurance != 'verified'))`;

const CONSIDERED = `${OWN_RUNS} ORDER BY Began DESC, RunId LIMIT {runs:UInt32}`;

export const REACHED_FROM_PRINCIPAL: ReachedRuns = {
  sql: `
    SELECT RunId, argMin(ancestor, place) AS Branch, any(Principal) AS Principal, any(Kind) AS Kind FROM (
      SELECT RunId, Principal, Kind, arrayConcat([Root], Path, [RunId]) AS line
      FROM (${recordsOf(`RootRunId IN (SELECT RootRunId FROM (${CONSIDERED}))`)}))
    ARRAY JOIN line AS ancestor, arrayEnumerate(line) AS place
    WHERE ancestor IN (SELECT RunId FROM (${CONSIDERED}))
    GROUP BY RunId`,
  since: `(SELECT min(Began) FROM (${CONSIDERED}))`,
  roots: `SELECT RootRunId FROM (${CONSIDERED})`,
};
