import { asSettings, BY_KEY, type Parameters } from '../readers/statements/select.ts';
import type { EvidenceTable, Slice } from './arrivals.ts';

/** Traces of one tenant. */
export type TraceSelection =
  /** At most 200: ids travel in the request line. */
  | { readonly by: 'id'; readonly ids: readonly string[] }
  /** Those whose attributions what has arrived may change; within a range of ids, both ends inclusive. */
  | { readonly by: 'arrival'; readonly slice: Slice<EvidenceTable>; readonly range?: IdRange };

export interface IdRange {
  readonly first: string;
  readonly last: string;
}

/** Rows of one table that arrived together. */
export const OF_SLICE =
  '_part IN {parts:Array(String)} AND _part_offset >= {fromRow:UInt64} AND _part_offset < {toRow:UInt64}';

export const sliceParameters = ({ parts, fromRow, toRow }: Slice): Parameters => ({
  parts: parts.map(({ name }) => name),
  fromRow,
  toRow,
});

/** What a row of each table is about, as it is watched for. */
const WATCHED: Readonly<Record<EvidenceTable, string>> = { otel_traces: 'TraceId', runs: 'toString(RunId)' };

const watchingFor = (table: EvidenceTable): string => `
  SELECT TraceId FROM attribution_watches WHERE TenantId = {tenant:String} AND Watched IN (
    SELECT ${WATCHED[table]} FROM ${table} WHERE ${OF_SLICE} AND TenantId = {tenant:String} ${asSettings(BY_KEY)})`;

const ARRIVED: Readonly<Record<EvidenceTable, string>> = {
  otel_traces: `
    SELECT TraceId FROM otel_traces
    WHERE ${OF_SLICE} AND TenantId = {tenant:String} AND Assurance = 'none' AND TraceId != ''
    ${asSettings(BY_KEY)}
    UNION DISTINCT ${watchingFor('otel_traces')}`,
  runs: watchingFor('runs'),
};

/** A condition on a column `TraceId`, and what it is given. */
export const traceCondition = (
  selection: TraceSelection,
): { readonly sql: string; readonly parameters: Parameters } => {
  if (selection.by === 'id') {
    return { sql: 'TraceId IN {traces:Array(String)}', parameters: { traces: selection.ids } };
  }
  const { slice, range } = selection;
  const within = range === undefined ? '' : 'TraceId >= {first:String} AND TraceId <= {last:String} AND ';
  return {
    sql: `${within}TraceId IN (${ARRIVED[slice.table]})`,
    parameters: {
      ...sliceParameters(slice),
      ...(range === undefined ? {} : { first: range.first, last: range.last }),
    },
  };
};
