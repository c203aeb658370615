import { clickHouseCode } from '../../open.ts';
import { StoreError } from '../../store-error.ts';
import { FEW_ROWS, type Parameters, type Selection, select } from './select.ts';

/** Where a row of `otel_traces` lies, as long as its part has not been merged into another one. */
export interface Place {
  /** What it was looked up by: the id of a trace, a target. */
  readonly id: string;
  readonly part: string;
  /** Row number in the part. */
  readonly offset: number;
}

/** Columns by whose values rows are found, and the projection that holds them with the places of their rows. */
const PROJECTIONS = {
  TraceId: { name: 'by_trace', values: 'Array(String)' },
  SpanId: { name: 'by_span', values: 'Array(String)' },
  Target: { name: 'by_target', values: 'Array(String)' },
  StatementHash: { name: 'by_statement', values: 'Array(UInt64)' },
} as const;

export type PlaceColumn = keyof typeof PROJECTIONS;

/** A condition for the rows that have these values. */
export const isFoundBy = (column: PlaceColumn): string => `${column} IN {ids:${PROJECTIONS[column].values}}`;

export const foundByParameters = (column: PlaceColumn, ids: readonly string[]): Parameters => ({
  ids: column === 'StatementHash' ? ids.map(BigInt) : ids,
});

/** Offsets travel in the request line: this many make 9 kB. */
export const PLACES_PER_STATEMENT = 1000;

/**
 * The places of the rows of some traces or spans, of every tenant, at most `most` of each. Read from the projection
 * itself, which opens two files a part. Where a statement on the table finds its rows by a projection, every part is
 * opened with every column that is asked for, whether it holds such a row or not: for a trace, 29 ms of CPU instead of 18
 * (in 16 parts).
 */
export const placesOf = (
  selection: Selection,
  column: 'TraceId' | 'SpanId',
  ids: readonly string[],
  most: number,
): Promise<readonly Place[]> =>
  readPlaces(selection, column, `LIMIT {most:UInt32} BY ${column} LIMIT {all:UInt32}`, {
    ...foundByParameters(column, ids),
    most,
    all: most * ids.length,
  });

/** Whether there are more rows under the id of a trace, whosever they are. */
export const isLonger = async (selection: Selection, traceId: string, than: number): Promise<boolean> => {
  const [row] = await select<{ readonly Rows: number }>(
    selection,
    `SELECT toUInt32(count()) AS Rows FROM (
       SELECT 1 FROM mergeTreeProjection(currentDatabase(), 'otel_traces', 'by_trace')
       WHERE TraceId = {trace:String} LIMIT {most:UInt32})`,
    { trace: traceId, most: than + 1 },
    FEW_ROWS,
  );
  return (row?.Rows ?? 0) > than;
};

/** What was touched, and when: seconds since the epoch, both of them part of the time. */
export interface Touched {
  readonly column: keyof typeof SECOND_OF;
  readonly ids: readonly string[];
  readonly fromSecond: number;
  readonly toSecond: number;
}

/** By which these projections go on. */
const SECOND_OF = { Target: 'TimestampTime', StatementHash: 'StatementTime' } as const;

/** The places of the newest rows of one tenant, and of all that are as old as the last of these, to the second. */
export const newestPlacesOf = (
  selection: Selection,
  { column, ids, fromSecond, toSecond }: Touched,
  newest: number,
): Promise<readonly Place[]> => {
  const second = SECOND_OF[column];
  return readPlaces(
    selection,
    column,
    `AND TenantId = {tenant:String}
       AND ${second} >= toDateTime({fromSecond:UInt32}) AND ${second} <= toDateTime({toSecond:UInt32})
     ORDER BY ${second} DESC LIMIT {newest:UInt32} WITH TIES`,
    { ...foundByParameters(column, ids), fromSecond, toSecond, newest },
  );
};

interface PlaceRow {
  readonly Id: string;
  readonly Part: string;
  readonly Offset: string;
}

const readPlaces = async (
  selection: Selection,
  column: PlaceColumn,
  which: string,
  parameters: Parameters,
): Promise<readonly Place[]> => {
  try {
    const rows = await select<PlaceRow>(
      selection,
      `SELECT toString(${column}) AS Id, _part AS Part, toString(_parent_part_offset) AS Offset
       FROM mergeTreeProjection(currentDatabase(), 'otel_traces', '${PROJECTIONS[column].name}')
       WHERE ${isFoundBy(column)} ${which}`,
      parameters,
      FEW_ROWS,
    );
    return rows.map(({ Id, Part, Offset }) => ({ id: Id, part: Part, offset: Number(Offset) }));
  } catch (error) {
    if (isOfNoParts(error) && (await isEmpty(selection))) return [];
    throw error;
  }
};

/** Of a table without parts the engine (26.7) does not know the column `_part`: ClickHouse's code for that. */
const isOfNoParts = (error: unknown): boolean =>
  error instanceof StoreError && clickHouseCode(error.cause) === '10';

const isEmpty = async (selection: Selection): Promise<boolean> =>
  (await select(selection, 'SELECT 1 FROM otel_traces LIMIT 1')).length === 0;

/** A condition for the rows at these places, `PLACES_PER_STATEMENT` at most. */
export const AT_PLACES = `_part IN {parts:Array(String)} AND _part_offset IN {offsets:Array(UInt64)}`;

export const placeParameters = (places: readonly Place[]): Parameters => ({
  parts: [...new Set(places.map(({ part }) => part))],
  offsets: places.map(({ offset }) => offset),
});
