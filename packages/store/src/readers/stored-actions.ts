import { WHENCE } from '@whence/model';
import {
  type ActionReader,
  type OutlinedSpan,
  RECORDS_PER_SPAN,
  type RunTotals,
  type TraceOutline,
} from './action-reader.ts';
import { type ActionRow, IS_ACTION } from './action-row.ts';
import { searchActions } from './action-search.ts';
import { recordRows } from './record-rows.ts';
import { type RecordedAction, spanKey } from './recorded-action.ts';
import type { RunReader, RunScope } from './run-reader.ts';
import { actionsBelow, runParameters } from './run-tree-rows.ts';
import { type Parameters, type Selection, select } from './select.ts';
import { type ActionStatement, selectActionChunks, selectActions } from './select-actions.ts';

const FIRST_RECEIVED = 'ReceivedAt, BatchId, RowNumber';
const OLDEST_FIRST = 'Timestamp, TraceId, SpanId';
const OPENS_RUN = `lower(SpanAttributes['${WHENCE.runId.key}']) = {id:String}`;

export const storedActions = (selection: Selection, runs: RunReader): ActionReader => {
  const recorded = (rows: readonly ActionRow[]) => recordRows(runs, rows);

  const statement = (condition: string, order: string): ActionStatement => ({
    condition: `TenantId = {tenant:String} AND ${condition}`,
    order,
  });

  const actionsWhere = async (
    condition: string,
    order: string,
    parameters: Parameters & { readonly limit: number },
  ): Promise<readonly RecordedAction[]> =>
    recorded(await selectActions(selection, statement(condition, order), parameters));

  const oneOf = async (condition: string, runId: string): Promise<RecordedAction | undefined> => {
    const order = `Assurance = 'asserted', ${OLDEST_FIRST}, ${FIRST_RECEIVED}`;
    const [one] = await actionsWhere(condition, order, { run: runId, id: runId, limit: 1 });
    return one;
  };

  const outline = async (traceId: string, limit: number): Promise<TraceOutline> => {
    const rows = await select<{ SpanId: string; ParentSpanId: string; Witness: OutlinedSpan['witness'] }>(
      selection,
      `SELECT SpanId, ParentSpanId, Witness FROM otel_traces
       WHERE TenantId = {tenant:String} AND TraceId = {trace:String}
       ORDER BY ${OLDEST_FIRST}, ${FIRST_RECEIVED} LIMIT 1 BY SpanId LIMIT {limit:UInt32}`,
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
    const whole = statement('TraceId = {trace:String}', OLDEST_FIRST);
    for await (const rows of selectActionChunks(selection, whole, { trace: traceId, limit })) {
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
        FIRST_RECEIVED,
        { trace: traceId ?? '', span: spanId, limit: RECORDS_PER_SPAN },
      ),

    bySpans: (traceId, spanIds) =>
      actionsWhere('TraceId = {trace:String} AND SpanId IN {spans:Array(String)}', FIRST_RECEIVED, {
        trace: traceId,
        spans: spanIds,
        limit: spanIds.length * RECORDS_PER_SPAN,
      }),

    below: async (scope, limit) => {
      const found = await actionsWhere(
        `Assurance != 'refuted' AND ${actionsBelow(scope)}`,
        `Assurance = 'asserted', ${OLDEST_FIRST}`,
        { ...runParameters(scope), limit: limit + 1 },
      );
      const belonging = withoutMarksOfEnded(
        found.slice(0, limit).filter(({ action }) => !isElsewhere(action, scope)),
      );
      return { records: belonging.sort(byStart), truncated: found.length > limit };
    },

    totalsBelow: async (scope) => {
      const [totals] = await select<RunTotals>(
        selection,
        `SELECT
           toUInt32(uniqExactIf((TraceId, SpanId), Assurance != 'refuted')) AS actions,
           toUInt32(uniqExactIf((TraceId, SpanId), Assurance != 'refuted' AND StatusCode = 'Error')) AS errors,
           toUInt32(uniqExactIf(RunId, Assurance != 'refuted')) AS runs,
           toUInt32(uniqExactIf(ServiceName, Assurance != 'refuted')) AS services,
           toUInt32(uniqExactIf((TraceId, SpanId), Assurance = 'refuted')) AS refuted
         FROM otel_traces WHERE TenantId = {tenant:String} AND ${IS_ACTION} AND ${actionsBelow(scope)}`,
        runParameters(scope),
      );
      return totals ?? { actions: 0, errors: 0, runs: 0, services: 0, refuted: 0 };
    },

    openingOf: (runId) => oneOf(`RunId = {run:UUID} AND Assurance != 'refuted' AND ${OPENS_RUN}`, runId),
    firstOf: (runId) => oneOf("RunId = {run:UUID} AND Assurance != 'refuted'", runId),

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

/** A claimed record of a run may name a root that its verified one does not. */
const isElsewhere = ({ rootRunId, runId }: RecordedAction['action'], scope: RunScope): boolean =>
  rootRunId !== undefined && rootRunId !== scope.rootId && runId !== scope.id;

/** What has ended needs no mark any more that it had not. */
const withoutMarksOfEnded = (records: readonly RecordedAction[]): RecordedAction[] => {
  const spans = new Set(records.map(({ action }) => spanKey(action)));
  return records.filter(
    ({ marksOpen, action }) =>
      marksOpen === undefined || !spans.has(spanKey({ traceId: action.traceId, spanId: marksOpen })),
  );
};

const byStart = ({ action: a }: RecordedAction, { action: b }: RecordedAction): number =>
  a.startTime < b.startTime ? -1 : a.startTime > b.startTime ? 1 : 0;
