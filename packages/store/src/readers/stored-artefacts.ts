import type { ArtefactReader, RevisionWork } from './artefact-reader.ts';
import { formatNanos } from './rfc3339.ts';
import { ZERO_UUID } from './run-row.ts';
import { type Parameters, type Selection, select } from './select.ts';

export const storedArtefacts = (selection: Selection): ArtefactReader => {
  const targetsWhere = async (
    condition: string,
    parameters: Parameters & { readonly limit: number },
  ): Promise<readonly string[]> => {
    const rows = await select<{ readonly Target: string }>(
      selection,
      `SELECT Target FROM target_totals WHERE TenantId = {tenant:String} AND ${condition}
       GROUP BY Target ORDER BY max(LastSeen) DESC, Target LIMIT {limit:UInt32}`,
      parameters,
    );
    return rows.map(({ Target }) => Target);
  };

  return {
    targetsUnder: (prefix, limit) => targetsWhere('startsWith(Target, {prefix:String})', { prefix, limit }),

    targetsAt: (path, limit) =>
      targetsWhere('(endsWith(Target, {path:String}) OR position(Target, {below:String}) > 0)', {
        path,
        below: `${path}/`,
        limit,
      }),

    onRevision: async (prefix, limit) => {
      const rows = await select<RevisionRow>(
        selection,
        `SELECT Revision, RunId, ServiceName, argMinMerge(FirstSpan) AS First,
         toString(toUnixTimestamp64Nano(min(FirstSeen))) AS FirstNanos,
         toString(toUnixTimestamp64Nano(max(LastSeen))) AS LastNanos,
         toUInt32(sum(Actions)) AS Count
       FROM revisions WHERE TenantId = {tenant:String} AND startsWith(Revision, {prefix:String})
       GROUP BY Revision, RunId, ServiceName ORDER BY min(FirstSeen), Revision, RunId, ServiceName LIMIT {limit:UInt32}`,
        { prefix: prefix.toLowerCase(), limit },
      );
      return rows.map(revisionWorkOf);
    },
  };
};

interface RevisionRow {
  readonly Revision: string;
  readonly RunId: string;
  readonly ServiceName: string;
  readonly First: readonly [string, string];
  readonly FirstNanos: string;
  readonly LastNanos: string;
  readonly Count: number;
}

const revisionWorkOf = (row: RevisionRow): RevisionWork => ({
  revision: row.Revision,
  ...(row.RunId === ZERO_UUID ? {} : { runId: row.RunId }),
  ...(row.ServiceName === '' ? {} : { service: row.ServiceName }),
  first: { traceId: row.First[0], spanId: row.First[1] },
  firstSeen: formatNanos(BigInt(row.FirstNanos)),
  lastSeen: formatNanos(BigInt(row.LastNanos)),
  actions: row.Count,
});
