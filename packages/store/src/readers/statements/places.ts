import { clickHouseCode } from '../../open.ts';
import { StoreError } from '../../store-error.ts';
import { FEW_ROWS, type Parameters, type Selection, select } from './select.ts';

/** Where a row of `otel_traces` lies, as long as its part has not been merged into another one. */
export interface Place {
  /** The trace or span that it was looked up by. */
  readonly id: string;
  readonly part: string;
  /** Row number in the part. */
  readonly offset: number;
}

/** Ids by which rows are found, and the projection that holds them with the places of their rows. */
const PROJECTIONS = { TraceId: 'by_trace', SpanId: 'by_span' } as const;

export type PlaceColumn = keyof typeof PROJECTIONS;

/** Offsets travel in the request line: this many make 9 kB. */
export const PLACES_PER_STATEMENT = 1000;

/**
 * The places of the rows of some traces or spans, of every tenant, at most `most` of each. Read from the projection
 * itself, which opens two files a part. Where a statement on the table finds its rows by a projection, every part is
 * opened with every column that is asked for, whether it holds such a row or not: for a trace, 29 ms of CPU instead of 18
 * (in 16 parts).
 */
export const placesOf = async (
  selection: Selection,
  column: PlaceColumn,
  ids: readonly string[],
  most: number,
): Promise<readonly Place[]> => {
  try {
    const rows = await select<{ readonly Id: string; readonly Part: string; readonly Offset: string }>(
      selection,
      `SELECT ${column} AS Id, _part AS Part, toString(_parent_part_offset) AS Offset
       FROM mergeTreeProjection(currentDatabase(), 'otel_traces', '${PROJECTIONS[column]}')
       WHERE ${column} IN {ids:Array(String)} LIMIT {most:UInt32} BY ${column} LIMIT {all:UInt32}`,
      { ids, most, all: most * ids.length },
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
