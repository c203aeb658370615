import { IS_ACTION } from '../actions/action-row.ts';
import { BY_ID, OF_TENANT, type Selection, select } from '../statements/select.ts';
import type { TraceSummary } from './trace-reader.ts';

/** Parameters travel in the request line: 200 ids make 7 kB. */
const IDS_PER_STATEMENT = 200;
/** Records among which parents are looked for: the store holds the ids of all of them. */
const ORPHANS_AMONG = 200_000;

interface SummaryRow {
  readonly TraceId: string;
  readonly ServiceName: string;
  readonly Spans: string;
  readonly Records: string;
  readonly Errors: string;
  readonly Start: string;
  readonly End: string;
  readonly Roots: string;
  readonly RootStart: string;
  readonly RootName: string;
}

const OF_TRACES = `TraceId IN {ids:Array(String)} AND ${OF_TENANT}`;

export const summarizeTraces = async (
  selection: Selection,
  traceIds: readonly string[],
): Promise<readonly TraceSummary[]> => {
  const summaries: TraceSummary[] = [];
  for (let from = 0; from < traceIds.length; from += IDS_PER_STATEMENT) {
    const ids = traceIds.slice(from, from + IDS_PER_STATEMENT);
    const rows = Map.groupBy(await rowsOf(selection, ids), ({ TraceId }) => TraceId);
    const records = sum([...rows.values()].flat(), 'Records');
    const orphans = records > ORPHANS_AMONG ? undefined : await orphansIn(selection, ids);
    for (const id of ids) {
      const ofTrace = rows.get(id);
      if (ofTrace !== undefined) summaries.push(summaryOf(id, ofTrace, orphans));
    }
  }
  return summaries;
};

const rowsOf = (selection: Selection, ids: readonly string[]): Promise<readonly SummaryRow[]> =>
  select(
    selection,
    `SELECT TraceId, ServiceName,
       toString(uniqExact(SpanId)) AS Spans, toString(count()) AS Records,
       toString(uniqExactIf(SpanId, StatusCode IN ('Error', 'STATUS_CODE_ERROR'))) AS Errors,
       toString(min(toUnixTimestamp64Nano(Timestamp))) AS Start,
       toString(max(toInt128(toUnixTimestamp64Nano(Timestamp)) + Duration)) AS End,
       toString(countIf(ParentSpanId = '')) AS Roots,
       toString(minIf(toUnixTimestamp64Nano(Timestamp), ParentSpanId = '')) AS RootStart,
       argMinIf(SpanName, Timestamp, ParentSpanId = '') AS RootName
     FROM otel_traces WHERE ${OF_TRACES} AND ${IS_ACTION}
     GROUP BY TraceId, ServiceName ORDER BY TraceId, ServiceName`,
    { ids },
    BY_ID,
  );

const orphansIn = async (
  selection: Selection,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const rows = await select<{ TraceId: string; Orphans: string }>(
    selection,
    `SELECT TraceId, toString(uniqExact(SpanId)) AS Orphans FROM otel_traces
     WHERE ${OF_TRACES} AND ParentSpanId != '' AND ${IS_ACTION}
       AND (TraceId, ParentSpanId) NOT IN (SELECT TraceId, SpanId FROM otel_traces WHERE ${OF_TRACES})
     GROUP BY TraceId`,
    { ids },
    BY_ID,
  );
  return new Map(rows.map(({ TraceId, Orphans }) => [TraceId, Number(Orphans)]));
};

const summaryOf = (
  traceId: string,
  rows: readonly SummaryRow[],
  orphans: ReadonlyMap<string, number> | undefined,
): TraceSummary => {
  const [root] = rows
    .filter(({ Roots }) => Roots !== '0')
    .sort((a, b) => Number(BigInt(a.RootStart) - BigInt(b.RootStart)));
  return {
    traceId,
    ...(root === undefined ? {} : { root: { service: root.ServiceName, name: root.RootName } }),
    startNanos: rows.map(({ Start }) => BigInt(Start)).reduce((a, b) => (a < b ? a : b)),
    endNanos: rows.map(({ End }) => BigInt(End)).reduce((a, b) => (a > b ? a : b)),
    spans: sum(rows, 'Spans'),
    records: sum(rows, 'Records'),
    errors: sum(rows, 'Errors'),
    ...(orphans === undefined ? {} : { orphans: orphans.get(traceId) ?? 0 }),
    services: rows.map(({ ServiceName, Spans, Errors }) => ({
      name: ServiceName,
      spans: Number(Spans),
      errors: Number(Errors),
    })),
  };
};

const sum = (rows: readonly SummaryRow[], field: 'Spans' | 'Records' | 'Errors'): number =>
  rows.reduce((total, row) => total + Number(row[field]), 0);
