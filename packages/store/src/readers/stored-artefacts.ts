import type { ActionsOfRows } from './actions-of-rows.ts';
import type { Artefact, ArtefactReader, RevisionWork } from './artefact-reader.ts';
import { formatNanos } from './rfc3339.ts';
import { ZERO_UUID } from './run-row.ts';
import { type Parameters, type Selection, select } from './select.ts';
import { selectActions } from './select-actions.ts';

const NEWEST_FIRST = 'Timestamp DESC, TraceId DESC, SpanId DESC';

export const storedArtefacts = (selection: Selection, recorded: ActionsOfRows): ArtefactReader => ({
  touching: async (artefact, { fromNanos, toNanos }, limit) => {
    const { sql, parameters } = touched(artefact);
    const rows = await selectActions(
      selection,
      {
        condition: `TenantId = {tenant:String} AND ${sql}
          AND Timestamp >= fromUnixTimestamp64Nano({from:Int64}) AND Timestamp < fromUnixTimestamp64Nano({to:Int64})`,
        order: NEWEST_FIRST,
      },
      { ...parameters, from: fromNanos.toString(), to: toNanos.toString(), limit },
    );
    return recorded(rows);
  },

  targetsAt: async (path, limit) => {
    const rows = await select<{ readonly Target: string }>(
      selection,
      `SELECT Target FROM target_totals
       WHERE TenantId = {tenant:String} AND (endsWith(Target, {path:String}) OR position(Target, {below:String}) > 0)
       GROUP BY Target ORDER BY max(LastSeen) DESC, Target LIMIT {limit:UInt32}`,
      { path, below: `${path}/`, limit },
    );
    return rows.map(({ Target }) => Target);
  },

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
});

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

const touched = (artefact: Artefact): { readonly sql: string; readonly parameters: Parameters } => {
  if (artefact.kind === 'statement') {
    return { sql: 'StatementHash = {hash:UInt64}', parameters: { hash: artefact.statementHash } };
  }
  if (artefact.kind === 'targets') {
    return { sql: 'Target IN {targets:Array(String)}', parameters: { targets: artefact.targets } };
  }
  const { target, below } = artefact;
  return {
    sql: below ? 'startsWith(Target, {target:String})' : 'Target = {target:String}',
    parameters: { target },
  };
};
