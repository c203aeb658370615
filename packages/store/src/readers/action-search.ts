import { type Condition, conditionOf, timeOfHistory, wayOf } from './action-filter.ts';
import type { ActionPage, ActionPosition, ActionSearch } from './action-reader.ts';
import type { ActionRow } from './action-row.ts';
import type { RecordedAction } from './recorded-action.ts';
import { type Selection, select } from './select.ts';
import { selectActions } from './select-actions.ts';

const NEWEST_FIRST = 'Timestamp DESC, TraceId DESC, SpanId DESC';
/** Contents shown of one span id on a page. */
const CONTENTS_PER_SPAN = 16;

interface PositionRow {
  readonly Nanos: string;
  readonly TraceId: string;
  readonly SpanId: string;
}

/**
 * First where the page ends, from the narrow columns alone; then everything between its two ends, so that a page never
 * parts the records of one span.
 */
export const searchActions = async (
  selection: Selection,
  recorded: (rows: readonly ActionRow[]) => Promise<readonly RecordedAction[]>,
  { filter, limit, after }: ActionSearch,
): Promise<ActionPage> => {
  const way = wayOf(filter);
  const time = timeOfHistory(filter);
  const condition = time === undefined ? conditionOf(filter) : historyOf(filter, time, after);
  const rest = after === undefined ? condition.sql : `${condition.sql} AND ${comparison('<', 'after')}`;
  const positions = await select<PositionRow>(
    selection,
    `SELECT toString(toUnixTimestamp64Nano(Timestamp)) AS Nanos, TraceId, SpanId FROM otel_traces
     WHERE ${rest}${time === undefined ? ` AND Timestamp >= (${oldestOnPage(rest)})` : ''} ORDER BY ${NEWEST_FIRST} LIMIT {limit:UInt32}`,
    { ...condition.parameters, ...bound('after', after), page: limit + 1, limit: limit + 1 },
    way,
  );
  const [first] = positions;
  const last = positions[Math.min(positions.length, limit) - 1];
  if (first === undefined || last === undefined) return { records: [] };

  const rows = await selectActions(
    selection,
    {
      condition: `${condition.sql} AND ${comparison('<=', 'first')} AND ${comparison('>=', 'last')}`,
      order: NEWEST_FIRST,
      way,
    },
    {
      ...condition.parameters,
      ...bound('first', positionOf(first)),
      ...bound('last', positionOf(last)),
      page: limit + 1,
      limit: limit * CONTENTS_PER_SPAN,
    },
  );
  return {
    records: (await recorded(rows)).filter(({ action }) => names(action, filter)),
    ...(positions.length > limit ? { next: positionOf(last) } : {}),
  };
};

/** By the time alone, which the index orders: everything older need not be looked at. */
const oldestOnPage = (condition: string): string =>
  `SELECT min(moment) FROM (
     SELECT Timestamp AS moment FROM otel_traces WHERE ${condition} ORDER BY Timestamp DESC LIMIT {limit:UInt32})`;

/**
 * The history of a target or a statement: the projection is ordered by its seconds, and is read up to the second in which
 * the page ends. What lies in the second in which it begins does not count: the last page may have shown it.
 */
const historyOf = (
  filter: ActionSearch['filter'],
  time: string,
  after: ActionPosition | undefined,
): Condition => {
  const { fromNanos, toNanos, ...touched } = filter;
  const { sql, parameters } = conditionOf(touched);
  const newest = after?.startNanos ?? toNanos;
  const older = `TenantId = {tenant:String} AND ${sql}${newest === undefined ? '' : ` AND ${time} < toDateTime({newestSecond:UInt32})`}`;
  const whole = conditionOf(filter);
  return {
    sql: `${whole.sql} AND ${time} >= greatest(toDateTime({oldestSecond:UInt32}), (
      SELECT min(second) FROM (
        SELECT ${time} AS second FROM otel_traces WHERE ${older} ORDER BY ${time} DESC LIMIT {page:UInt32})))${
          newest === undefined ? '' : ` AND ${time} <= toDateTime({newestSecond:UInt32})`
        }`,
    parameters: {
      ...parameters,
      ...whole.parameters,
      oldestSecond: secondOf(fromNanos ?? 0n),
      ...(newest === undefined ? {} : { newestSecond: secondOf(newest) }),
    },
  };
};

/** As `TimestampTime` keeps it: seconds that fit into 32 bits. */
const secondOf = (nanos: bigint): number =>
  Number(nanos < 0n ? 0n : nanos / 1_000_000_000n > 4_294_967_295n ? 4_294_967_295n : nanos / 1_000_000_000n);

/** Rows that came before their run's record were picked by any record of the run; only the best proven one names. */
const names = (action: RecordedAction['action'], { principal, rootRunId }: ActionSearch['filter']): boolean =>
  (principal === undefined || action.principal?.id === principal) &&
  (rootRunId === undefined || action.rootRunId === rootRunId || action.runId === rootRunId);

const positionOf = ({ Nanos, TraceId, SpanId }: PositionRow): ActionPosition => ({
  startNanos: BigInt(Nanos),
  traceId: TraceId,
  spanId: SpanId,
});

/** The bare time beside the triple is what the index can use. */
const comparison = (operator: '<' | '<=' | '>=', name: string): string => {
  const moment = `fromUnixTimestamp64Nano({${name}Nanos:Int64})`;
  return `Timestamp ${operator === '<' ? '<=' : operator} ${moment}
    AND (Timestamp, TraceId, SpanId) ${operator} (${moment}, {${name}Trace:String}, {${name}Span:String})`;
};

const bound = (name: string, position: ActionPosition | undefined): Record<string, string> =>
  position === undefined
    ? {}
    : {
        [`${name}Nanos`]: position.startNanos.toString(),
        [`${name}Trace`]: position.traceId,
        [`${name}Span`]: position.spanId,
      };
