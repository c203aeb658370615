import { type SpanRef, WHENCE } from '@whence/model';
import type { RunReader } from '../runs/run-reader.ts';
import { branchOf } from '../runs/run-tree-rows.ts';
import { isLonger, placesOf } from '../statements/places.ts';
import {
  BY_ID,
  BY_KEY,
  besides,
  FEW_ROWS,
  OF_TENANT,
  type Parameters,
  type Selection,
  select,
  selectTuples,
} from '../statements/select.ts';
import {
  type ActionReader,
  type OutlinedSpan,
  RECORDS_PER_SPAN,
  type RunTotals,
  type StampedSpan,
  type TraceOutline,
} from './action-reader.ts';
import { ACTION_COLUMNS, type ActionRow, IS_ACTION } from './action-row.ts';
import { searchActions } from './action-search.ts';
import { rowsAtPlaces } from './placed-actions.ts';
import { recordRows } from './record-rows.ts';
import { type RecordedAction, spanKey } from './recorded-action.ts';
import { type ActionStatement, selectActionChunks, selectActions } from './select-actions.ts';
import { smallTracesOf } from './small-traces.ts';
import { outlineOfRuns } from './stored-run-outline.ts';
import { touchingActions } from './touching-actions.ts';
import { isElsewhere, withoutMarksOfEnded } from './what-belongs-below.ts';

const FIRST_RECEIVED = 'ReceivedAt, BatchId, RowNumber';
const OLDEST_FIRST = 'Timestamp, TraceId, SpanId';
/** Parameters travel in the request line: this many make 12 kB, with as many runs 35 kB. */
const SPANS_PER_STATEMENT = 500;
const OF_RUN = "RunKey = toUInt128({run:UUID}) AND RunId = {run:UUID} AND Assurance != 'refuted'";
const OF_TRACE = 'TraceId = {trace:String}';
/** Beside a span id, by which the rows are found. */
const IN_TRACE = besides('TraceId', 'trace');
/** By the number that the key orders by. */
const OF_RUNS = `RunKey IN (SELECT toUInt128(arrayJoin({runs:Array(UUID)}))) AND RunId IN {runs:Array(UUID)}
  AND Assurance != 'refuted'`;
const OPENS_ITS_RUN = `NOT NotOpening AND lower(SpanAttributes['${WHENCE.runId.key}']) = toString(RunId)`;
const CLAIMS_LAST = `Assurance = 'asserted', ${OLDEST_FIRST}, ${FIRST_RECEIVED}`;

const AMONG = 'SpanId IN {spans:Array(String)}';
const PROVEN_FIRST = `Assurance = 'asserted', ${FIRST_RECEIVED}`;

/** Its row names the run. What is inherited is under none, as it was received. */
const isOfItsRun = (action: StampedSpan): action is StampedSpan & { readonly runId: string } =>
  action.runId !== undefined && (action.assurance === 'verified' || action.assurance === 'asserted');

const HAS_PARENT = "ParentSpanId != ''";

const TOTALS = `
    toUInt32(uniqExactIf((TraceId, SpanId), Assurance != 'refuted')) AS actions,
    toUInt32(uniqExactIf((TraceId, SpanId), Assurance != 'refuted' AND StatusCode = 'Error')) AS errors,
    toUInt32(uniqExactIf(ServiceName, Assurance != 'refuted')) AS services,
    toUInt32(uniqExactIf((TraceId, SpanId), Assurance = 'refuted')) AS refuted`;

export const storedActions = (selection: Selection, runs: RunReader): ActionReader => {
  const recorded = (rows: readonly ActionRow[]) => recordRows(runs, rows);

  const byKey = (condition: string, order: string): ActionStatement => ({
    condition: `TenantId = {tenant:String} AND ${condition}`,
    order,
    way: BY_KEY,
  });

  const byId = (condition: string, order: string): ActionStatement => ({
    condition: `${condition} AND ${OF_TENANT}`,
    order,
    way: BY_ID,
  });

  const actionsOf = async (
    statement: ActionStatement,
    parameters: Parameters & { readonly limit: number },
  ): Promise<readonly RecordedAction[]> => recorded(await selectActions(selection, statement, parameters));

  /** Where the places do not tell, the projection finds and the table reads in one statement. */
  const bySpanIds = async (
    spanIds: readonly string[],
    traceId: string | undefined,
  ): Promise<readonly RecordedAction[]> => {
    const inTrace = traceId === undefined ? {} : { condition: IN_TRACE, parameters: { trace: traceId } };
    const places = await placesOf(selection, 'SpanId', spanIds, RECORDS_PER_SPAN);
    if (places.length === 0) return [];
    const rows = await rowsAtPlaces(selection, { places, column: 'SpanId', ...inTrace });
    if (rows !== undefined && eachSpanOnce(rows)) return recorded(rows);
    const condition = [AMONG, inTrace.condition ?? 'true'].join(' AND ');
    return actionsOf(byId(condition, FIRST_RECEIVED), {
      ...inTrace.parameters,
      spans: spanIds,
      limit: spanIds.length * RECORDS_PER_SPAN,
    });
  };

  /** Whatever became of their references. */
  const ofSpans = async (spans: readonly SpanRef[]): Promise<readonly RecordedAction[]> => {
    const wanted = new Set(spans.map(spanKey));
    const found = await bySpanIds([...new Set(spans.map(({ spanId }) => spanId))], undefined);
    return found.filter(({ action }) => wanted.has(spanKey(action)));
  };

  const search: ActionReader['search'] = (asked) => searchActions(selection, recorded, asked);

  const openingsOf: ActionReader['openingsOf'] = async (runIds) => {
    if (runIds.length === 0) return new Map();
    const rows = await select<ActionRow>(
      selection,
      `SELECT ${ACTION_COLUMNS} FROM otel_traces
       WHERE TenantId = {tenant:String} AND ${OF_RUNS} AND ${OPENS_ITS_RUN}
       ORDER BY ${CLAIMS_LAST} LIMIT 1 BY RunId`,
      { runs: runIds },
      FEW_ROWS,
    );
    const openings = await recorded(rows);
    return new Map(openings.map((opening) => [opening.opensRunId ?? '', opening]));
  };

  const outline = async (traceId: string, limit: number): Promise<TraceOutline> => {
    if (await isLonger(selection, traceId, limit)) return { spans: [], truncated: true };
    const rows = await selectTuples<OutlineTuple>(
      selection,
      `SELECT SpanId, ParentSpanId, Witness FROM otel_traces
       WHERE ${OF_TRACE} AND ${OF_TENANT}
       ORDER BY ${OLDEST_FIRST}, ${FIRST_RECEIVED} LIMIT 1 BY SpanId`,
      { trace: traceId },
      BY_ID,
    );
    return { spans: rows.map(outlinedSpanOf), truncated: false };
  };

  const outlineOf: ActionReader['outlineOf'] = async (traceId, spanIds) =>
    (
      await selectTuples<OutlineTuple>(
        selection,
        `SELECT SpanId, ParentSpanId, Witness FROM otel_traces
         WHERE SpanId IN {spans:Array(String)} AND ${IN_TRACE} AND ${OF_TENANT}
         ORDER BY ${OLDEST_FIRST}, ${FIRST_RECEIVED} LIMIT 1 BY SpanId`,
        { trace: traceId, spans: spanIds },
        BY_ID,
      )
    ).map(outlinedSpanOf);

  const { smallTrace, smallTraces } = smallTracesOf(selection, recorded);

  async function* ofTrace(traceId: string, limit: number): AsyncGenerator<readonly RecordedAction[]> {
    const whole = byId(OF_TRACE, OLDEST_FIRST);
    for await (const rows of selectActionChunks(selection, whole, { trace: traceId, limit })) {
      yield await recorded(rows);
    }
  }

  return {
    outline,
    outlineOf,
    smallTrace,
    smallTraces,
    ofTrace,
    topOfTrace: async (traceId) => {
      const order = `${HAS_PARENT}, ${HAS_PARENT} AND ParentSpanId IN (
        SELECT SpanId FROM otel_traces WHERE ${OF_TRACE} AND ${OF_TENANT}), ${OLDEST_FIRST}, ${FIRST_RECEIVED}`;
      const [top] = await actionsOf(byId(OF_TRACE, order), { trace: traceId, limit: 1 });
      return top;
    },
    rightBelow: ({ traceId, spanId }, { notBy }, limit) =>
      actionsOf(
        byId(
          `${OF_TRACE} AND ParentSpanId = {span:String}${notBy === undefined ? '' : ' AND Witness != {witness:String}'}`,
          FIRST_RECEIVED,
        ),
        { trace: traceId, span: spanId, ...(notBy === undefined ? {} : { witness: notBy }), limit },
      ),
    search,
    touching: (filter, limit) => touchingActions({ selection, recorded, search, ofSpans }, filter, limit),

    bySpan: ({ traceId, spanId }) => bySpanIds([spanId], traceId),
    bySpans: (traceId, spanIds) => (spanIds.length === 0 ? Promise.resolve([]) : bySpanIds(spanIds, traceId)),

    below: async (scope, limit) => {
      const branch = await branchOf(selection, scope);
      const found = await actionsOf(
        byKey(`Assurance != 'refuted' AND ${branch.actions}`, `Assurance = 'asserted', ${OLDEST_FIRST}`),
        { ...branch.parameters, limit: limit + 1 },
      );
      const belonging = withoutMarksOfEnded(
        found.slice(0, limit).filter(({ action }) => !isElsewhere(action, scope)),
      );
      return { records: belonging.sort(byStart), truncated: found.length > limit };
    },

    outlineBelow: (scope, limit) => outlineOfRuns(selection, scope, limit),

    some: async (actions) => {
      const wanted = new Set(actions.map(spanKey));
      const found: RecordedAction[] = [];
      const read = async (statement: ActionStatement, spans: readonly StampedSpan[]): Promise<void> => {
        for (let from = 0; from < spans.length; from += SPANS_PER_STATEMENT) {
          const some = spans.slice(from, from + SPANS_PER_STATEMENT);
          const rows = await actionsOf(statement, {
            spans: some.map(({ spanId }) => spanId),
            runs: [...new Set(some.flatMap(({ runId }) => runId ?? []))],
            limit: some.length * RECORDS_PER_SPAN,
          });
          found.push(...rows.filter(({ action }) => wanted.has(spanKey(action))));
        }
      };
      // Those of a run lie beside each other: a statement about few runs reads few places.
      const runByRun = actions.filter(isOfItsRun).toSorted((a, b) => (a.runId < b.runId ? -1 : 1));
      await read(byKey(`${OF_RUNS} AND ${AMONG}`, PROVEN_FIRST), runByRun);
      const others = actions.filter((action) => !isOfItsRun(action));
      await read(byId(`${AMONG} AND Assurance != 'refuted'`, PROVEN_FIRST), others);
      return found;
    },

    totalsBelow: async (scope) => {
      const branch = await branchOf(selection, scope);
      const [totals] = await select<RunTotals>(
        selection,
        `SELECT ${TOTALS}, toUInt32(uniqExactIf(RunId, Assurance != 'refuted')) AS runs
         FROM otel_traces WHERE TenantId = {tenant:String} AND ${IS_ACTION} AND ${branch.actions}`,
        branch.parameters,
      );
      return totals ?? { actions: 0, errors: 0, runs: 0, services: 0, refuted: 0 };
    },

    totalsByRun: async (scope) => {
      const branch = await branchOf(selection, scope);
      const rows = await select<Omit<RunTotals, 'runs'> & { readonly run: string }>(
        selection,
        `SELECT toString(RunId) AS run, ${TOTALS}
         FROM otel_traces WHERE TenantId = {tenant:String} AND ${IS_ACTION} AND ${branch.actions} GROUP BY RunId`,
        branch.parameters,
      );
      return new Map(rows.map(({ run, ...totals }) => [run, totals]));
    },

    openingsOf,
    openingOf: async (runId) => (await openingsOf([runId])).get(runId),
    firstOf: async (runId) => {
      const [first] = await actionsOf(
        { ...byKey(OF_RUN, CLAIMS_LAST), way: FEW_ROWS },
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

/** Then none is in conflict with another one, and which was received first does not matter. */
const eachSpanOnce = (rows: readonly ActionRow[]): boolean =>
  new Set(rows.map(({ SpanId }) => SpanId)).size === rows.length;

type OutlineTuple = readonly [spanId: string, parentSpanId: string, witness: OutlinedSpan['witness']];

const outlinedSpanOf = ([spanId, parentSpanId, witness]: OutlineTuple): OutlinedSpan => ({
  spanId,
  ...(parentSpanId === '' ? {} : { parentSpanId }),
  witness,
});

const byStart = ({ action: a }: RecordedAction, { action: b }: RecordedAction): number =>
  a.startTime < b.startTime ? -1 : a.startTime > b.startTime ? 1 : 0;
