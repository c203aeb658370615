import type { RollupScope } from './rollup-rows.ts';

/** Tables that hold counts of what is inherited, and what is counted together in each. */
const BUCKET = {
  inherited_hourly: 'Hour',
  inherited_footprints: 'Hour',
  inherited_monthly: 'Month',
} as const;

export type InheritedTable = keyof typeof BUCKET;

/**
 * What holds by now. Of each hour or month of a principal the count that began last is the one.
 *
 * @param within on whole hours or months of principals, nothing that parts one of them: the newest count must be seen.
 */
export const newestCounts = (table: InheritedTable, within: string): string => `(
  SELECT * FROM (
    SELECT *, max(Pass) OVER (PARTITION BY TenantId, PrincipalId, ${BUCKET[table]}) AS Newest FROM ${table}
    WHERE TenantId = {tenant:String} AND ${within})
  WHERE Pass = Newest AND Actions > 0)`;

/** Rollups of what was received, and where the same is counted of what is inherited. */
const COUNTERPART = {
  principals_hourly: 'inherited_hourly',
  principals: 'inherited_monthly',
  footprints: 'inherited_footprints',
} as const satisfies Readonly<Record<string, InheritedTable>>;

export type CountedRollup = keyof typeof COUNTERPART;

/**
 * Rows as `rowsByPrincipal` gives them, of what is inherited.
 *
 * @param condition on columns other than the time
 * @param hours on `Hour`, where the rollup has it
 */
export const inheritedRows = (
  rollup: CountedRollup,
  columns: string,
  { named }: Pick<RollupScope, 'named'>,
  condition: string,
  hours: string,
): string => `
  SELECT ${columns}, PrincipalId AS Principal, toLowCardinality(${rollup === 'footprints' ? "''" : 'PrincipalKind'}) AS Kind
  FROM (SELECT *, 'inherited' AS Assurance FROM ${newestCounts(COUNTERPART[rollup], `(${named}) AND (${hours})`)})
  WHERE ${condition}`;
