import { type Assurance, WHENCE } from '@whence/model';
import { CONTENT_HASH, causeLinksOf, spanKindOf } from '../readers/actions/action-row.ts';
import { rowsAtPlaces } from '../readers/actions/placed-actions.ts';
import { spanKey } from '../readers/actions/recorded-action.ts';
import { areDistinct } from '../readers/actions/select-actions.ts';
import { namedIn, ZERO_UUID } from '../readers/runs/run-row.ts';
import { isLonger, PLACES_PER_STATEMENT, placesOf } from '../readers/statements/places.ts';
import { BY_ID, OF_TENANT, type Parameters, type Selection, select } from '../readers/statements/select.ts';
import { type FactsRow, factsOf } from './action-facts.ts';
import type { EvidencedRun, EvidenceReader, SpanEvidence } from './span-evidence.ts';
import { type TraceSelection, traceCondition } from './trace-selection.ts';

const ATTRIBUTES = [WHENCE.runId.key, WHENCE.attribution.key, WHENCE.openAction.key];

const COLUMNS = `
    TraceId, SpanId, ParentSpanId, SpanKind, Witness, Actor, Assurance,
    RunId, RootRunId, RunPath, PrincipalId, PrincipalKind, Authority,
    mapFilter((key, value) -> key IN (${ATTRIBUTES.map((key) => `'${key}'`).join(', ')}), SpanAttributes) AS Attributes,
    \`Links.TraceId\` AS LinkTraceIds, \`Links.SpanId\` AS LinkSpanIds,
    arrayMap(attributes -> attributes['${WHENCE.cause.key}'], \`Links.Attributes\`) AS LinkKinds,
    toString(toUnixTimestamp64Nano(Timestamp)) AS StartNanos, ServiceName, StatusCode, System, Operation, Target,
    toString(toUnixTimestamp64Nano(least(Timestamp, ReceivedAt))) AS SeenNanos`;

interface EvidenceRow extends FactsRow {
  readonly TraceId: string;
  readonly SpanId: string;
  readonly ParentSpanId: string;
  readonly SpanKind: string;
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
}

interface RowsWhere {
  readonly sql: string;
  readonly parameters: Parameters;
}

/** Rows of these traces, found by the projection of their ids. */
const rowsOf = (selection: TraceSelection): RowsWhere => {
  const { sql, parameters } = traceCondition(selection);
  return { sql: `${sql} AND ${OF_TENANT}`, parameters };
};

const isHopeful = "countIf(Assurance = 'verified') > 0 OR countIf(notEmpty(`Links.TraceId`)) > 0";

export const storedEvidence = (selection: Selection): EvidenceReader => {
  const contestedAmong = async (rows: readonly EvidenceRow[]): Promise<ReadonlySet<string>> => {
    const contested = new Set<string>();
    for (let from = 0; from < rows.length; from += SPANS_PER_STATEMENT) {
      const some = rows.slice(from, from + SPANS_PER_STATEMENT);
      const where = rowsOf({ by: 'id', ids: [...new Set(some.map(({ TraceId }) => TraceId))] });
      const found = await select<{ TraceId: string; SpanId: string }>(
        selection,
        `SELECT TraceId, SpanId FROM otel_traces WHERE ${where.sql} AND SpanId IN {spans:Array(String)}
         GROUP BY TraceId, SpanId
         HAVING uniqExact(${CONTENT_HASH}) > 1 OR uniqExact(Assurance, RunId) > 1`,
        { ...where.parameters, spans: [...new Set(some.map(({ SpanId }) => SpanId))] },
        BY_ID,
      );
      for (const { TraceId, SpanId } of found) contested.add(spanKey({ traceId: TraceId, spanId: SpanId }));
    }
    return contested;
  };

  /** Those of few rows, each of another span, by their places. Undefined: they are not such. */
  const rowsOfFew = async (traceIds: readonly string[]): Promise<readonly EvidenceRow[] | undefined> => {
    const places = await placesOf(selection, 'TraceId', traceIds, PLACES_PER_STATEMENT + 1);
    if (places.length === 0) return [];
    const rows = await rowsAtPlaces<EvidenceRow>(selection, { places, column: 'TraceId', columns: COLUMNS });
    return rows !== undefined && areDistinct(rows) ? rows : undefined;
  };

  const rowsOfMany = (traces: TraceSelection, limit: number): Promise<readonly EvidenceRow[]> => {
    const where = rowsOf(traces);
    const hopeful =
      traces.by === 'id'
        ? ''
        : `AND TraceId IN (SELECT TraceId FROM otel_traces WHERE ${where.sql} GROUP BY TraceId HAVING ${isHopeful})`;
    return select<EvidenceRow>(
      selection,
      `SELECT ${COLUMNS} FROM otel_traces WHERE ${where.sql} ${hopeful}
       ORDER BY TraceId, ReceivedAt, BatchId, RowNumber LIMIT {limit:UInt32}`,
      { ...where.parameters, limit: limit + 1 },
      BY_ID,
    );
  };

  const ofTraces: EvidenceReader['ofTraces'] = async (traces, limit) => {
    const few =
      traces.by === 'id' && traces.ids.length <= FEW_TRACES && limit >= PLACES_PER_STATEMENT
        ? await rowsOfFew(traces.ids)
        : undefined;
    const [only] = traces.by === 'id' && traces.ids.length === 1 ? traces.ids : [];
    if (few === undefined && only !== undefined && (await isLonger(selection, only, limit))) {
      return { traces: new Map(), isCut: true, tooLarge: [only] };
    }
    const rows = few ?? (await rowsOfMany(traces, limit));
    const cut = rows.length > limit ? rows[limit]!.TraceId : undefined;
    const read = Map.groupBy(
      rows.filter(({ TraceId }) => TraceId !== cut),
      ({ TraceId }) => TraceId,
    );
    const contested = await contestedAmong([...read.values()].flatMap(recordedAgain));
    const spans = new Map<string, readonly SpanEvidence[]>();
    for (const [traceId, ofTrace] of read) spans.set(traceId, spansFrom(ofTrace, contested));

    if (cut === undefined) {
      for (const traceId of traces.by === 'id' ? traces.ids : []) {
        if (!spans.has(traceId)) spans.set(traceId, []);
      }
    }
    const tooLarge = cut !== undefined && read.size === 0 ? [cut] : [];
    return { traces: spans, isCut: cut !== undefined, tooLarge };
  };

  return {
    ofTraces,
    hopefulOf: async (traces) => {
      const where = rowsOf(traces);
      const rows = await select<{ TraceId: string; Rows: number }>(
        selection,
        `SELECT TraceId, toUInt32(count()) AS Rows FROM otel_traces WHERE ${where.sql}
         GROUP BY TraceId HAVING ${isHopeful} ORDER BY TraceId`,
        where.parameters,
        BY_ID,
      );
      return rows.map(({ TraceId, Rows }) => ({ traceId: TraceId, rows: Rows }));
    },
  };
};

/** Traces that are looked for by their places: of more there is often one that is large. */
const FEW_TRACES = 20;
/** Ids of traces and spans travel in the request line. */
const SPANS_PER_STATEMENT = 100;

/** All rows of spans that have several, within one trace. */
const recordedAgain = (rows: readonly EvidenceRow[]): readonly EvidenceRow[] => {
  if (new Set(rows.map(({ SpanId }) => SpanId)).size === rows.length) return [];
  const bySpan = Map.groupBy(rows, ({ SpanId }) => SpanId);
  return [...bySpan.values()].filter(({ length }) => length > 1).flat();
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
    kind: spanKindOf(row.SpanKind),
    witness: row.Witness,
    ...(row.Actor === '' ? {} : { actor: row.Actor }),
    reference,
    ...(reference === 'verified' ? { run: runOf(row) } : {}),
    opensRun: row.Attributes[WHENCE.runId.key] !== undefined,
    inDoubt: row.Attributes[WHENCE.attribution.key] !== undefined,
    isMark: row.Attributes[WHENCE.openAction.key] !== undefined,
    contested,
    links: causeLinksOf(row.LinkTraceIds, row.LinkSpanIds, row.LinkKinds),
    facts: factsOf(row),
  };
};

/** No row is received as `inherited`. One that says so all the same proves nothing. */
const referenceOf = (assurance: Assurance): SpanEvidence['reference'] =>
  assurance === 'inherited' ? 'asserted' : assurance;

const runOf = (row: EvidenceRow): EvidencedRun => {
  return {
    id: row.RunId,
    ...(row.RootRunId === ZERO_UUID ? {} : { rootId: row.RootRunId }),
    path: row.RunPath,
    ...namedIn(row),
  };
};
