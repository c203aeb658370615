import { type Parameters, type Selection, select } from '../statements/select.ts';
import { secondOf, windowsBack } from '../statements/time-windows.ts';
import { type Condition, conditionOf, timeOfHistory, timeOfTouch, wayOf } from './action-filter.ts';
import type { ActionPage, ActionPosition, ActionSearch } from './action-reader.ts';
import { ACTION_COLUMNS, type ActionRow } from './action-row.ts';
import type { RecordedAction } from './recorded-action.ts';
import { selectActions } from './select-actions.ts';
import { touchedRows } from './touched-rows.ts';

const NEWEST_FIRST = 'Timestamp DESC, TraceId DESC, SpanId DESC';
const POSITIONS =
  'SELECT toString(toUnixTimestamp64Nano(Timestamp)) AS Nanos, TraceId, SpanId FROM otel_traces';
/** Contents shown of one span id on a page. */
const CONTENTS_PER_SPAN = 16;

interface PositionRow {
  readonly Nanos: string;
  readonly TraceId: string;
  readonly SpanId: string;
}

/** What a target or a statement alone tells is read at its places; anything else, and where these do not tell, is searched. */
export const searchActions = async (
  selection: Selection,
  recorded: Recorded,
  search: ActionSearch,
): Promise<ActionPage> =>
  (await touchedPage(selection, recorded, search)) ?? (await searchedPage(selection, recorded, search));

type Recorded = (rows: readonly ActionRow[]) => Promise<readonly RecordedAction[]>;

/** Undefined: it is to be searched for. */
const touchedPage = async (
  selection: Selection,
  recorded: Recorded,
  { filter, limit, after }: ActionSearch,
): Promise<ActionPage | undefined> => {
  const rows = await touchedRows<ActionRow>(selection, {
    filter,
    newest: limit + 1,
    columns: ACTION_COLUMNS,
    ...(after === undefined ? {} : { after }),
  });
  const last = rows?.[limit - 1];
  return (
    rows && {
      records: await recorded(rows.slice(0, limit)),
      ...(rows.length > limit && last !== undefined
        ? { next: { startNanos: BigInt(last.StartNanos), traceId: last.TraceId, spanId: last.SpanId } }
        : {}),
    }
  );
};

/**
 * First where the page ends, from the narrow columns alone; then everything between its two ends, so that a page never
 * parts the records of one span. What is found by its run or by what it touched has a key for it; anything else is
 * looked for in the newest time first.
 */
const searchedPage = async (
  selection: Selection,
  recorded: Recorded,
  search: ActionSearch,
): Promise<ActionPage> => {
  const { filter, limit, after } = search;
  const time = timeOfHistory(filter);
  const condition = time === undefined ? conditionOf(filter) : historyOf(filter, time, after);
  const positions =
    time === undefined
      ? await newestPositions(selection, search)
      : await positionsOfHistory(selection, search, condition);
  const [first] = positions;
  const last = positions[Math.min(positions.length, limit) - 1];
  if (first === undefined || last === undefined) return { records: [] };

  const ends = [positionOf(first), positionOf(last)] as const;
  const seconds = secondsBetween(timeOfTouch(filter), ends[1].startNanos, ends[0].startNanos);
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
      page: limit + 1,
      limit: limit * CONTENTS_PER_SPAN,
    },
  );
  return {
    records: (await recorded(rows)).filter(({ action }) => names(action, filter)),
    ...(positions.length > limit ? { next: ends[1] } : {}),
  };
};

const NANOS_PER_MILLI = 1_000_000n;

const positionsOfHistory = (
  selection: Selection,
  { filter, limit, after }: ActionSearch,
  condition: Condition,
): Promise<readonly PositionRow[]> =>
  select<PositionRow>(
    selection,
    `${POSITIONS} WHERE ${condition.sql}${after === undefined ? '' : ` AND ${comparison('<', 'after')}`}
     ORDER BY ${NEWEST_FIRST} LIMIT {limit:UInt32}`,
    { ...condition.parameters, ...bound('after', after), page: limit + 1, limit: limit + 1 },
    wayOf(filter),
  );

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
    const seconds = secondsBetween(timeOfTouch(filter), window.fromNanos, window.toNanos);
    const wanted = `${condition.sql}${after === undefined ? '' : ` AND ${comparison('<', 'after')}`}${seconds.sql}`;
    const found = await select<PositionRow>(
      selection,
      `${POSITIONS}
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

/** The same time in the whole seconds of the column with which a key ends. */
const secondsBetween = (
  column: string | undefined,
  fromNanos: bigint | undefined,
  toNanos: bigint | undefined,
): { readonly sql: string; readonly parameters: Parameters } => {
  const bounds = [
    ['>=', 'fromSecond', fromNanos],
    ['<=', 'toSecond', toNanos],
  ] as const;
  const given = column === undefined ? [] : bounds.filter(([, , nanos]) => nanos !== undefined);
  return {
    sql: given.map(([operator, name]) => ` AND ${column} ${operator} toDateTime({${name}:UInt32})`).join(''),
    parameters: Object.fromEntries(given.map(([, name, nanos]) => [name, secondOf(nanos!)])),
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
