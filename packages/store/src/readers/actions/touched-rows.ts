import { newestPlacesOf, PLACES_PER_STATEMENT, type Place, type Touched } from '../statements/places.ts';
import type { Selection } from '../statements/select.ts';
import { secondOf } from '../statements/time-windows.ts';
import { isShape } from '../targets/target-shape.ts';
import type { ActionFilter, ActionPosition } from './action-reader.ts';
import type { ActionRow } from './action-row.ts';
import { type Placed, rowsAtPlaces } from './placed-actions.ts';
import { areDistinct } from './select-actions.ts';

export interface TouchSearch {
  readonly filter: ActionFilter;
  /** Rows that come after this one, and not it. */
  readonly after?: ActionPosition;
  /** So many of the newest; there may be more. */
  readonly newest: number;
  /** `StartNanos`, `TraceId` and `SpanId` among them. */
  readonly columns: string;
}

type TouchedRow = Pick<ActionRow, 'StartNanos' | 'TraceId' | 'SpanId'>;

/** As many as three statements read. */
const MOST = 3 * PLACES_PER_STATEMENT;

/**
 * The newest rows that touched some targets, or said a statement, newest first: their places from the projection, which
 * goes on by the second, then the rows. Undefined where that does not tell: the filter asks for more, places were merged
 * away, a span came more than once, or so many began in one second that those before it are not among them.
 */
export const touchedRows = async <Row extends TouchedRow>(
  selection: Selection,
  { filter, after, newest, columns }: TouchSearch,
): Promise<readonly Placed<Row>[] | undefined> => {
  const touched = touchedBy(filter, after);
  if (touched === undefined || selection.asOfMillis !== undefined) return undefined;
  const places = await newestPlacesOf(selection, touched, newest);
  if (places.length > MOST) return undefined;
  const read = await rowsOf<Row>(selection, touched, places, columns);
  if (read === undefined || !areDistinct(read)) return undefined;
  const rows = read.filter((row) => isWithin(row, filter) && (after === undefined || isAfter(row, after)));
  if (places.length >= newest && rows.length < newest) return undefined;
  return rows.sort(newestFirst);
};

/** Undefined: what is asked for is not told by what was touched and when. */
const touchedBy = (filter: ActionFilter, after: ActionPosition | undefined): Touched | undefined => {
  const { fromNanos, toNanos, wholeTarget, targets, statementHash, ...others } = filter;
  if (Object.values(others).some((asked) => asked !== undefined)) return undefined;
  const time = {
    fromSecond: secondOf(fromNanos ?? 0n),
    toSecond: secondOf(after?.startNanos ?? toNanos ?? LATEST),
  };
  const named = [wholeTarget === undefined ? undefined : [wholeTarget], targets].filter(
    (each) => each !== undefined,
  );
  const [ids] = named;
  if (ids !== undefined && named.length === 1 && statementHash === undefined) {
    return ids.some(isShape) ? undefined : { column: 'Target', ids, ...time };
  }
  return statementHash === undefined || ids !== undefined
    ? undefined
    : { column: 'StatementHash', ids: [statementHash], ...time };
};

const LATEST = 2n ** 63n;

const rowsOf = async <Row extends TouchedRow>(
  selection: Selection,
  { column }: Touched,
  places: readonly Place[],
  columns: string,
): Promise<readonly Placed<Row>[] | undefined> => {
  const rows: Placed<Row>[] = [];
  for (let from = 0; from < places.length; from += PLACES_PER_STATEMENT) {
    const some = places.slice(from, from + PLACES_PER_STATEMENT);
    const found = await rowsAtPlaces<Row>(selection, { places: some, column, columns });
    if (found === undefined) return undefined;
    rows.push(...found);
  }
  return rows;
};

const isWithin = ({ StartNanos }: TouchedRow, { fromNanos, toNanos }: ActionFilter): boolean =>
  (fromNanos === undefined || BigInt(StartNanos) >= fromNanos) &&
  (toNanos === undefined || BigInt(StartNanos) < toNanos);

const isAfter = (row: TouchedRow, { startNanos, traceId, spanId }: ActionPosition): boolean =>
  newestFirst(row, { StartNanos: startNanos.toString(), TraceId: traceId, SpanId: spanId }) > 0;

const newestFirst = (a: TouchedRow, b: TouchedRow): number =>
  descending(BigInt(a.StartNanos), BigInt(b.StartNanos)) ||
  descending(a.TraceId, b.TraceId) ||
  descending(a.SpanId, b.SpanId);

const descending = <Value extends bigint | string>(a: Value, b: Value): number =>
  a > b ? -1 : a < b ? 1 : 0;
