import { ZERO_UUID } from '../runs/run-row.ts';
import { type CountedRollup, inheritedRows } from './inherited-rows.ts';

/** Tables that keep rows under their run where the principal was not known on receipt. */
export type Rollup = 'principals_hourly' | 'principals' | 'footprints' | 'scopes';

/** Whose rows: conditions on a rollup, by its key. */
export interface RollupScope {
  /** Of rows that name their principal. */
  readonly named: string;
  /** Of rows that are kept under their run. */
  readonly unnamed: string;
  /** Of a row's `Principal`, once it is known. */
  readonly principal: string;
}

export const EVERYONE: RollupScope = { named: '1', unnamed: '1', principal: '1' };

/** Those in `{ids:Array(String)}`. */
export const THESE: RollupScope = {
  named: 'PrincipalId IN {ids:Array(String)}',
  unnamed: `PrincipalId = '' AND UnnamedRunId IN (
    SELECT RunId FROM principal_runs WHERE TenantId = {tenant:String} AND PrincipalId IN {ids:Array(String)})`,
  principal: 'Principal IN {ids:Array(String)}',
};

const NO_RUN = `toUUID('${ZERO_UUID}')`;

/** Of several records of one run the best proven counts, a start before an end, then the first that came. */
export const BEST_RECORD = `(
    transform(Assurance, ['verified', 'inherited', 'asserted', 'none'], [0, 1, 2, 3], 4), Record, ReceivedAt, BatchId,
    RowNumber)`;

/**
 * Rows of a rollup with `Principal` and `Kind` beside the columns asked for: as received, or, where the row came before
 * its run's record, as that record tells by now. Empty: nobody is named. A claimed record names no checked reference.
 * What came without a reference is nobody's here, also where it is attributed by now.
 *
 * @param columns `Assurance` of the rollup is `Assurance` here
 * @param condition on the rollup's own columns
 */
export const rowsByPrincipal = (
  table: Rollup,
  columns: string,
  scope: RollupScope,
  condition = '1',
): string => {
  const kind = table === 'footprints' || table === 'scopes' ? "''" : 'PrincipalKind';
  const kept = `TenantId = {tenant:String} AND PrincipalId = '' AND UnnamedRunId != ${NO_RUN}`;
  const unnamed = `${kept} AND (${scope.unnamed}) AND (${condition})`;
  return `(
    SELECT ${columns}, PrincipalId AS Principal, toLowCardinality(${kind}) AS Kind FROM ${table}
    WHERE TenantId = {tenant:String} AND UnnamedRunId = ${NO_RUN} AND (${scope.named}) AND (${condition})
    UNION ALL
    SELECT * FROM (
      SELECT ${columns}, toLowCardinality(if(speaks, best.1, '')) AS Principal,
        toLowCardinality(if(speaks, best.2, '')) AS Kind FROM (
        SELECT *, Assurance = 'asserted' OR verified AS speaks FROM (
          SELECT * FROM ${table} WHERE (SELECT count() > 0 FROM (SELECT 1 FROM ${table} WHERE ${kept} LIMIT 1)) AND ${unnamed}) AS late
        LEFT JOIN (
          SELECT RunId, argMin((toString(PrincipalId), toString(PrincipalKind)), ${BEST_RECORD}) AS best,
            max(Assurance = 'verified') AS verified
          FROM runs WHERE TenantId = {tenant:String}
            AND toUInt128(RunId) IN (SELECT toUInt128(UnnamedRunId) FROM ${table} WHERE ${unnamed})
          GROUP BY RunId) AS record ON late.UnnamedRunId = record.RunId))
    WHERE ${scope.principal})`;
};

/** Of `principals_hourly` and its counterpart: no other has the time in its key. */
export interface RollupTime {
  readonly received: string;
  readonly inherited: string;
}

const ANY_TIME: RollupTime = { received: '1', inherited: '1' };

/**
 * The same, and what is inherited, as far as it was counted, under whom it is attributed to.
 *
 * @param condition on columns that both have, none of them the time
 */
export const rowsWithInherited = (
  table: CountedRollup,
  columns: string,
  scope: RollupScope,
  condition = '1',
  time: RollupTime = ANY_TIME,
): string => `(
    SELECT * FROM ${rowsByPrincipal(table, columns, scope, `(${condition}) AND (${time.received})`)}
    UNION ALL ${inheritedRows(table, columns, scope, condition, time.inherited)})`;
