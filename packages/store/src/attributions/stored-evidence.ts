import { type Assurance, authorityOf, isCauseKind, SPAN_KINDS, WHENCE, type Witness } from '@whence/model';
import { CONTENT_HASH } from '../readers/action-row.ts';
import { spanKey } from '../readers/recorded-action.ts';
import { principalKindOf, ZERO_UUID } from '../readers/run-row.ts';
import { type Parameters, type Selection, select } from '../readers/select.ts';
import type { Between, EvidencedRun, EvidenceReader, SpanEvidence, TracesRead } from './span-evidence.ts';

const ATTRIBUTES = [WHENCE.runId.key, WHENCE.attribution.key, WHENCE.openAction.key];

const COLUMNS = `
    TraceId, SpanId, ParentSpanId, SpanKind, Witness, Actor, Assurance,
    RunId, RootRunId, RunPath, PrincipalId, PrincipalKind, Authority,
    mapFilter((key, value) -> key IN (${ATTRIBUTES.map((key) => `'${key}'`).join(', ')}), SpanAttributes) AS Attributes,
    \`Links.TraceId\` AS LinkTraceIds, \`Links.SpanId\` AS LinkSpanIds,
    arrayMap(attributes -> attributes['${WHENCE.cause.key}'], \`Links.Attributes\`) AS LinkKinds,
    toString(toUnixTimestamp64Nano(Timestamp)) AS StartNanos, ServiceName, StatusCode, System, Operation, Target`;

interface EvidenceRow {
  readonly TraceId: string;
  readonly SpanId: string;
  readonly ParentSpanId: string;
  readonly SpanKind: string;
  readonly Witness: Witness;
  readonly Actor: string;
  readonly Assurance: Assurance;
  readonly RunId: string;
  readonly RootRunId: string;
  readonly RunPath: readonly string[];
  readonly PrincipalId: string;
  readonly PrincipalKind: string;
  readonly Authority: string;
  readonly Attributes: Readonly<Record<string, string>>;
  readonly LinkTraceIds: readonly string[];
  readonly LinkSpanIds: readonly string[];
  readonly LinkKinds: readonly string[];
  readonly StartNanos: string;
  readonly ServiceName: string;
  readonly StatusCode: string;
  readonly System: string;
  readonly Operation: string;
  readonly Target: string;
}

/**
 * Rows of these traces, within the time in which the look-up table says that they happened: that is what keeps the
 * rest of the store from being read. What arrived just now may not be in that table yet.
 */
const ROWS_OF_TRACES = `TenantId = {tenant:String} AND TraceId IN {traces:Array(String)}
  AND Timestamp >= least(fromUnixTimestamp64Nano({from:Int64}), (
    SELECT toDateTime64(if(count() = 0, toDateTime(0), min(Start)), 9) FROM otel_traces_trace_id_ts
    WHERE TraceId IN {traces:Array(String)} AND TenantId = {tenant:String}))
  AND Timestamp <= greatest(fromUnixTimestamp64Nano({to:Int64}), (
    SELECT toDateTime64(if(count() = 0, toDateTime(4294967295), max(End)), 9) + INTERVAL 1 SECOND
    FROM otel_traces_trace_id_ts WHERE TraceId IN {traces:Array(String)} AND TenantId = {tenant:String}))`;

const NEVER: Between = { fromNanos: 9_000_000_000_000_000_000n, toNanos: -2_000_000_000_000_000_000n };

const bound = (traces: readonly string[], { fromNanos, toNanos }: Between = NEVER): Parameters => ({
  traces,
  from: fromNanos.toString(),
  to: toNanos.toString(),
});

export const storedEvidence = (selection: Selection): EvidenceReader => {
  const contentsOf = async (rows: readonly EvidenceRow[], parameters: Parameters): Promise<Set<string>> => {
    const spans = [...new Set(rows.map(({ SpanId }) => SpanId))];
    const contested = new Set<string>();
    for (let from = 0; from < spans.length; from += SPANS_PER_STATEMENT) {
      const found = await select<{ TraceId: string; SpanId: string }>(
        selection,
        `SELECT TraceId, SpanId FROM otel_traces
         WHERE ${ROWS_OF_TRACES} AND SpanId IN {spans:Array(String)}
         GROUP BY TraceId, SpanId
         HAVING uniqExact(${CONTENT_HASH}) > 1 OR uniqExact(Assurance, RunId) > 1`,
        { ...parameters, spans: spans.slice(from, from + SPANS_PER_STATEMENT) },
      );
      for (const { TraceId, SpanId } of found) contested.add(spanKey({ traceId: TraceId, spanId: SpanId }));
    }
    return contested;
  };

  const ofTraces = async (
    traceIds: readonly string[],
    limit: number,
    alsoBetween?: Between,
  ): Promise<TracesRead> => {
    const parameters = bound(traceIds, alsoBetween);
    const rows = await select<EvidenceRow>(
      selection,
      `SELECT ${COLUMNS} FROM otel_traces WHERE ${ROWS_OF_TRACES}
       ORDER BY TraceId, ReceivedAt, BatchId, RowNumber LIMIT {limit:UInt32}`,
      { ...parameters, limit: limit + 1 },
    );
    const isCut = rows.length > limit;
    const cut = isCut ? rows[limit]!.TraceId : undefined;
    const read = Map.groupBy(
      rows.filter(({ TraceId }) => TraceId !== cut),
      ({ TraceId }) => TraceId,
    );
    const repeated = [...read.values()].flatMap(moreThanOnce);
    const contested = repeated.length === 0 ? new Set<string>() : await contentsOf(repeated, parameters);

    const traces = new Map<string, readonly SpanEvidence[]>();
    const rest: string[] = [];
    for (const traceId of traceIds) {
      if (cut !== undefined && traceId >= cut) rest.push(traceId);
      else traces.set(traceId, spansFrom(read.get(traceId) ?? [], contested));
    }
    const isTooLarge = cut !== undefined && read.size === 0;
    return {
      traces,
      rest: isTooLarge ? rest.filter((traceId) => traceId !== cut) : rest,
      tooLarge: isTooLarge ? [cut] : [],
    };
  };

  return {
    ofTraces,
    hopefulOf: async (traceIds, alsoBetween) =>
      (
        await select<{ TraceId: string; Rows: number }>(
          selection,
          `SELECT TraceId, toUInt32(count()) AS Rows FROM otel_traces WHERE ${ROWS_OF_TRACES} GROUP BY TraceId
           HAVING countIf(Assurance = 'verified') > 0 OR countIf(notEmpty(\`Links.TraceId\`)) > 0`,
          bound(traceIds, alsoBetween),
        )
      ).map(({ TraceId, Rows }) => ({ traceId: TraceId, rows: Rows })),
  };
};

const SPANS_PER_STATEMENT = 200;

const moreThanOnce = (rows: readonly EvidenceRow[]): readonly EvidenceRow[] => {
  const ids = new Set<string>();
  return rows.filter(({ SpanId }) => ids.has(SpanId) || !ids.add(SpanId));
};

/** Each span once: of several records the one received first. */
const spansFrom = (rows: readonly EvidenceRow[], contested: ReadonlySet<string>): readonly SpanEvidence[] => {
  const spans = new Map<string, SpanEvidence>();
  for (const row of rows) {
    const key = spanKey({ traceId: row.TraceId, spanId: row.SpanId });
    if (!spans.has(key)) spans.set(key, evidenceOf(row, contested.has(key)));
  }
  return [...spans.values()];
};

const evidenceOf = (row: EvidenceRow, contested: boolean): SpanEvidence => {
  const reference = referenceOf(row.Assurance);
  return {
    traceId: row.TraceId,
    spanId: row.SpanId,
    ...(row.ParentSpanId === '' ? {} : { parentSpanId: row.ParentSpanId }),
    kind:
      SPAN_KINDS.find((kind) => kind === row.SpanKind.replace(/^SPAN_KIND_/, '').toLowerCase()) ??
      'unspecified',
    witness: row.Witness,
    ...(row.Actor === '' ? {} : { actor: row.Actor }),
    reference,
    ...(reference === 'verified' ? { run: runOf(row) } : {}),
    opensRun: row.Attributes[WHENCE.runId.key] !== undefined,
    inDoubt: row.Attributes[WHENCE.attribution.key] !== undefined,
    isMark: row.Attributes[WHENCE.openAction.key] !== undefined,
    contested,
    links: row.LinkTraceIds.map((traceId, index) => {
      const kind = row.LinkKinds[index] ?? '';
      return { traceId, spanId: row.LinkSpanIds[index] ?? '', kind: isCauseKind(kind) ? kind : 'link' };
    }),
    facts: {
      startNanos: BigInt(row.StartNanos),
      serviceName: row.ServiceName,
      statusCode: row.StatusCode,
      system: row.System,
      operation: row.Operation,
      target: row.Target,
    },
  };
};

/** No row is received as `inherited`. One that says so all the same proves nothing. */
const referenceOf = (assurance: Assurance): SpanEvidence['reference'] =>
  assurance === 'inherited' ? 'asserted' : assurance;

const runOf = (row: EvidenceRow): EvidencedRun => {
  const authority = authorityOf(row.Authority);
  return {
    id: row.RunId,
    ...(row.RootRunId === ZERO_UUID ? {} : { rootId: row.RootRunId }),
    path: row.RunPath,
    ...(row.PrincipalId === ''
      ? {}
      : { principal: { id: row.PrincipalId, kind: principalKindOf(row.PrincipalKind) } }),
    ...(authority === undefined ? {} : { authority }),
  };
};
