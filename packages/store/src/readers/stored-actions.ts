import {
  type ActionReader,
  type OutlinedSpan,
  RECORDS_PER_SPAN,
  type RunTotals,
  type TraceOutline,
} from './action-reader.ts';
import { ACTION_COLUMNS, type ActionRow, CONTENT_HASH, recordedActionOf, runNeededBy } from './action-row.ts';
import { searchActions } from './action-search.ts';
import { type RecordedAction, withConflicts } from './recorded-action.ts';
import type { RunReader, RunScope } from './run-reader.ts';
import { ZERO_UUID } from './run-row.ts';
import { type Parameters, type Selection, select, selectChunks } from './select.ts';
import { isBelow } from './stored-runs.ts';

const RECEIPT = 'ReceivedAt, BatchId, RowNumber';
const OLDEST_FIRST = `Timestamp, TraceId, SpanId, ${RECEIPT}`;
/** Of the deliveries of one content, the first. */
const ONCE = 'LIMIT 1 BY TraceId, SpanId, ContentHash';

const RUN_ATTRIBUTE = "SpanAttributes['whence.run.id']";

export const storedActions = (selection: Selection, runs: RunReader): ActionReader => {
  const recorded = async (rows: readonly ActionRow[]): Promise<readonly RecordedAction[]> => {
    const needed = rows.map(runNeededBy).filter((id) => id !== undefined);
    const known = await runs.byIds(needed);
    return withConflicts(rows.map((row) => recordedActionOf(row, known.get(runNeededBy(row) ?? '')?.run)));
  };

  const actionsWhere = async (
    condition: string,
    order: string,
    parameters: Parameters,
  ): Promise<readonly RecordedAction[]> =>
    recorded(await select<ActionRow>(selection, selectActions(condition, order), parameters));

  const outline = async (traceId: string, limit: number): Promise<TraceOutline> => {
    const rows = await select<{ SpanId: string; ParentSpanId: string; Witness: OutlinedSpan['witness'] }>(
      selection,
      `SELECT SpanId, ParentSpanId, Witness FROM otel_traces
       WHERE TenantId = {tenant:String} AND TraceId = {trace:String}
       ORDER BY ${OLDEST_FIRST} LIMIT 1 BY SpanId LIMIT {limit:UInt32}`,
      { trace: traceId, limit: limit + 1 },
    );
    return {
      spans: rows.slice(0, limit).map(({ SpanId, ParentSpanId, Witness }) => ({
        spanId: SpanId,
        ...(ParentSpanId === '' ? {} : { parentSpanId: ParentSpanId }),
        witness: Witness,
      })),
      truncated: rows.length > limit,
    };
  };

  async function* ofTrace(traceId: string, limit: number): AsyncGenerator<readonly RecordedAction[]> {
    const sql = selectActions('TraceId = {trace:String}', OLDEST_FIRST);
    for await (const rows of selectChunks<ActionRow>(selection, sql, { trace: traceId, limit })) {
      yield await recorded(rows);
    }
  }

  return {
    outline,
    ofTrace,
    search: (search) => searchActions(selection, recorded, search),

    bySpan: ({ traceId, spanId }) =>
      actionsWhere(
        traceId === undefined
          ? 'SpanId = {span:String}'
          : 'TraceId = {trace:String} AND SpanId = {span:String}',
        RECEIPT,
        { trace: traceId ?? '', span: spanId, limit: RECORDS_PER_SPAN },
      ),

    bySpans: (traceId, spanIds) =>
      actionsWhere('TraceId = {trace:String} AND SpanId IN {spans:Array(String)}', RECEIPT, {
        trace: traceId,
        spans: spanIds,
        limit: spanIds.length * RECORDS_PER_SPAN,
      }),

    below: async (scope, limit) => {
      const found = await actionsWhere(
        `Assurance != 'refuted' AND ${didBelow(scope)}`,
        `Assurance = 'asserted', ${OLDEST_FIRST}`,
        { root: scope.rootId, run: scope.id, limit: limit + 1 },
      );
      const belonging = found.slice(0, limit).filter(({ action }) => !isElsewhere(action, scope));
      return { records: belonging.sort(byStart), truncated: found.length > limit };
    },

    totalsBelow: async (scope) => {
      const [totals] = await select<RunTotals>(
        selection,
        `SELECT
           toUInt32(uniqExactIf((TraceId, SpanId, ${CONTENT_HASH}), Assurance != 'refuted')) AS actions,
           toUInt32(uniqExactIf((TraceId, SpanId, ${CONTENT_HASH}), Assurance != 'refuted' AND StatusCode = 'Error')) AS errors,
           toUInt32(uniqExactIf(RunId, Assurance != 'refuted')) AS runs,
           toUInt32(uniqExactIf(ServiceName, Assurance != 'refuted')) AS services,
           toUInt32(uniqExactIf((TraceId, SpanId, ${CONTENT_HASH}), Assurance = 'refuted')) AS refuted
         FROM otel_traces WHERE TenantId = {tenant:String} AND ${didBelow(scope)}`,
        { root: scope.rootId, run: scope.id },
      );
      return totals ?? { actions: 0, errors: 0, runs: 0, services: 0, refuted: 0 };
    },

    openingOf: async (runId) => {
      const [first] = await actionsWhere(
        "RunId = {run:UUID} AND Assurance != 'refuted'",
        `${RUN_ATTRIBUTE} != {run:String}, Assurance = 'asserted', ${OLDEST_FIRST}`,
        { run: runId, limit: 1 },
      );
      return first;
    },

    since: async () => {
      const [row] = await select<{ rows: number; millis: string }>(
        selection,
        `SELECT toUInt8(count() > 0) AS rows, toString(toUnixTimestamp64Milli(min(ReceivedAt))) AS millis
         FROM otel_traces WHERE TenantId = {tenant:String}`,
      );
      return row === undefined || row.rows === 0 ? undefined : new Date(Number(row.millis)).toISOString();
    },
  };
};

const selectActions = (condition: string, order: string): string =>
  `SELECT ${ACTION_COLUMNS} FROM otel_traces WHERE TenantId = {tenant:String} AND ${condition}
   ORDER BY ${order} ${ONCE} LIMIT {limit:UInt32}`;

/** Rows of a run tree. Those that came before their run's record know only their run. */
const didBelow = (scope: RunScope): string => {
  const runIds = `SELECT RunId FROM runs WHERE TenantId = {tenant:String} AND ${isBelow(scope)}`;
  return scope.id === scope.rootId
    ? `(RootRunId = {root:UUID} OR RunId = {root:UUID} OR RootRunId = toUUID('${ZERO_UUID}') AND RunId IN (${runIds}))`
    : `(RunId = {run:UUID} OR has(RunPath, {run:UUID}) OR RootRunId = toUUID('${ZERO_UUID}') AND RunId IN (${runIds}))`;
};

/** A claimed record of a run may name a root that its verified one does not. */
const isElsewhere = ({ rootRunId, runId }: RecordedAction['action'], scope: RunScope): boolean =>
  rootRunId !== undefined && rootRunId !== scope.rootId && runId !== scope.id;

const byStart = ({ action: a }: RecordedAction, { action: b }: RecordedAction): number =>
  a.startTime < b.startTime ? -1 : a.startTime > b.startTime ? 1 : 0;
