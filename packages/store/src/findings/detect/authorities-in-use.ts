import { type Selection, select } from '../../readers/statements/select.ts';

/** What allowed runs, and when. Milliseconds since the epoch. */
export interface AuthorityInUse {
  /** `policy:nightly-jobs@3`, `approval:7f2c`. */
  readonly id: string;
  readonly firstMillis: number;
  readonly lastMillis: number;
  readonly runs: number;
  readonly lastRunId: string;
  /** Some of them. */
  readonly principals: readonly string[];
}

interface AuthorityRow {
  readonly Id: string;
  readonly First: string;
  readonly Last: string;
  readonly Runs: number;
  readonly LastRun: string;
  readonly Principals: readonly string[];
}

/**
 * Policies and approvals under which runs started since. Reads `principal_jobs`: one row for each principal, job and
 * authority.
 */
export const authoritiesInUse = async (
  selection: Selection,
  sinceMillis: number,
): Promise<readonly AuthorityInUse[]> => {
  const rows = await select<AuthorityRow>(
    selection,
    `SELECT toString(Authority) AS Id, toString(toUnixTimestamp64Milli(min(FirstStartedAt))) AS First,
       toString(toUnixTimestamp64Milli(max(LastStartedAt))) AS Last, sum(Started) AS Runs,
       toString(argMaxMerge(LastRunId)) AS LastRun, arraySort(groupUniqArray(20)(toString(PrincipalId))) AS Principals
     FROM principal_jobs
     WHERE TenantId = {tenant:String} AND Assurance = 'verified' AND (Authority LIKE 'policy:%' OR Authority LIKE 'approval:%')
     GROUP BY Authority HAVING max(LastStartedAt) >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') ORDER BY Id`,
    { since: sinceMillis },
  );
  return rows.map((row) => ({
    id: row.Id,
    firstMillis: Number(row.First),
    lastMillis: Number(row.Last),
    runs: row.Runs,
    lastRunId: row.LastRun,
    principals: row.Principals,
  }));
};
