import { conditionOf } from './action-filter.ts';
import type { ActionFilter, ActionPage, ActionPosition, ActionSearch } from './action-reader.ts';
import type { ActionRow } from './action-row.ts';
import type { RecordedAction } from './recorded-action.ts';
import { BY_KEY, BY_TOUCH, type Parameters, type Selection, select, type Way } from './select.ts';
import { selectActions } from './select-actions.ts';
import { secondOf, windowsBack } from './time-windows.ts';

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
 * parts the records of one span. What is found by its run or by what it touched has a key for it; anything else is
 * looked for in the newest time first.
 */
export const searchActions = async (
  selection: Selection,
  recorded: (rows: readonly ActionRow[]) => Promise<readonly RecordedAction[]>,
  search: ActionSearch,
): Promise<ActionPage> => {
  const { filter, limit } = search;
  const positions = await newestPositions(selection, search);
  const [first] = positions;
  const last = positions[Math.min(positions.length, limit) - 1];
  if (first === undefined || last === undefined) return { records: [] };

  const condition = conditionOf(filter);
  const ends = [positionOf(first), positionOf(last)] as const;
  const seconds = secondsBetween(ends[1].startNanos, ends[0].startNanos);
  const rows = await selectActions(
    selection,
    {
      condition: `${condition.sql} AND ${comparison('<=', 'first')} AND ${comparison('>=', 'last')}${seconds.sql}`,
      order: NEWEST_FIRST,
      way: wayOf(filter),
    },
    {
      ...condition.parameters,
      ...bound('first', ends[0]),
      ...bound('last', ends[1]),
      ...seconds.parameters,
      limit: limit * CONTENTS_PER_SPAN,
    },
  );
  return {
    records: (await recorded(rows)).filter(({ action }) => names(action, filter)),
    ...(positions.length > limit ? { next: ends[1] } : {}),
  };
};

const NANOS_PER_MILLI = 1_000_000n;

const newestPositions = async (
  selection: Selection,
  { filter, limit, after }: ActionSearch,
): Promise<readonly PositionRow[]> => {
  const { fromNanos, toNanos, ...rest } = filter;
  const isKeyed = filter.runId !== undefined || filter.rootRunId !== undefined;
  const end = after === undefined ? toNanos : smaller(toNanos, after.startNanos + 1n);
  const time = {
    ...(fromNanos === undefined ? {} : { fromNanos }),
    ...(end === undefined ? {} : { toNanos: end }),
  };
  const windows = isKeyed ? [time] : windowsBack(time, BigInt(Date.now()) * NANOS_PER_MILLI);
  const positions: PositionRow[] = [];
  for (const window of windows) {
    const condition = conditionOf({ ...rest, ...window });
    const seconds = secondsBetween(window.fromNanos, window.toNanos);
    const wanted = `${condition.sql}${after === undefined ? '' : ` AND ${comparison('<', 'after')}`}${seconds.sql}`;
    const found = await select<PositionRow>(
      selection,
      `SELECT toString(toUnixTimestamp64Nano(Timestamp)) AS Nanos, TraceId, SpanId FROM otel_traces
       WHERE ${wanted} AND Timestamp >= (${oldestOnPage(wanted)}) ORDER BY ${NEWEST_FIRST} LIMIT {limit:UInt32}`,
      {
        ...condition.parameters,
        ...bound('after', after),
        ...seconds.parameters,
        limit: limit + 1 - positions.length,
      },
      wayOf(filter),
    );
    positions.push(...found);
    if (positions.length > limit) break;
  }
  return positions;
};

const smaller = (a: bigint | undefined, b: bigint): bigint => (a !== undefined && a < b ? a : b);

const wayOf = ({ wholeTarget, targets, statementHash }: ActionFilter): Way =>
  wholeTarget === undefined && targets === undefined && statementHash === undefined ? BY_KEY : BY_TOUCH;

/** The same time in the whole seconds of `TimestampTime`, which keys end with: where these have both ends of it. */
const secondsBetween = (
  fromNanos: bigint | undefined,
  toNanos: bigint | undefined,
): { readonly sql: string; readonly parameters: Parameters } => {
  const from = fromNanos === undefined ? undefined : secondOf(fromNanos);
  const to = toNanos === undefined ? undefined : secondOf(toNanos);
  return from === undefined || to === undefined
    ? { sql: '', parameters: {} }
    : {
        sql: ' AND TimestampTime >= toDateTime({fromSecond:UInt32}) AND TimestampTime <= toDateTime({toSecond:UInt32})',
        parameters: { fromSecond: from.toString(), toSecond: to.toString() },
      };
};

/** By the time alone, which the index orders: everything older need not be looked at. */
const oldestOnPage = (condition: string): string =>
  `SELECT min(moment) FROM (
     SELECT Timestamp AS moment FROM otel_traces WHERE ${condition} ORDER BY Timestamp DESC LIMIT {limit:UInt32})`;

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
