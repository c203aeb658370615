import type { SpanRef } from '@whence/model';
import { formatNanos } from '../statements/rfc3339.ts';
import type { Selection } from '../statements/select.ts';
import type { ActionFilter, ActionReader, TouchingAction, TouchingFound } from './action-reader.ts';
import { type ActionRow, statusOf } from './action-row.ts';
import { type Placed, rowsAtPlaces } from './placed-actions.ts';
import type { RecordedAction } from './recorded-action.ts';
import { touchedRows } from './touched-rows.ts';

const COLUMNS = `
    toString(toUnixTimestamp64Nano(Timestamp)) AS StartNanos, toString(Duration) AS DurationNanos,
    TraceId, SpanId, ParentSpanId, StatusCode, Operation, Target, Assurance`;

type TouchingRow = Pick<
  ActionRow,
  | 'StartNanos'
  | 'DurationNanos'
  | 'TraceId'
  | 'SpanId'
  | 'ParentSpanId'
  | 'StatusCode'
  | 'Operation'
  | 'Target'
  | 'Assurance'
>;

interface Reading extends Pick<ActionReader, 'search'> {
  readonly selection: Selection;
  readonly recorded: (rows: readonly ActionRow[]) => Promise<readonly RecordedAction[]>;
  readonly ofSpans: (spans: readonly SpanRef[]) => Promise<readonly RecordedAction[]>;
}

/** What has to be searched for is read whole at once. */
export const touchingActions = async (
  reading: Reading,
  filter: ActionFilter,
  limit: number,
): Promise<TouchingFound> => {
  const { selection, search } = reading;
  const rows = await touchedRows<TouchingRow>(selection, { filter, newest: limit + 1, columns: COLUMNS });
  if (rows !== undefined) return foundRows(reading, rows.slice(0, limit), rows.length > limit);
  const { records, next } = await search({ filter, limit });
  const byAction = new Map<TouchingAction, RecordedAction>(records.map((record) => [record.action, record]));
  return {
    touching: records.map(({ action }) => action),
    truncated: next !== undefined,
    whole: async (some) => some.flatMap((action) => byAction.get(action) ?? []),
  };
};

const foundRows = (
  { selection, recorded, ofSpans }: Reading,
  rows: readonly Placed<TouchingRow>[],
  truncated: boolean,
): TouchingFound => {
  const placed = rows.map((row) => ({
    action: touchingOf(row),
    place: { id: row.SpanId, part: row.Part, offset: Number(row.Offset) },
  }));
  const placeOf = new Map(placed.map(({ action, place }) => [action, place]));
  return {
    touching: placed.map(({ action }) => action),
    truncated,
    whole: async (some) => {
      const places = some.flatMap((action) => placeOf.get(action) ?? []);
      const found = await rowsAtPlaces(selection, { places, column: 'SpanId' });
      return found === undefined ? ofSpans(some) : recorded(found);
    },
  };
};

const touchingOf = (row: TouchingRow): TouchingAction => ({
  traceId: row.TraceId,
  spanId: row.SpanId,
  ...(row.ParentSpanId === '' ? {} : { parentSpanId: row.ParentSpanId }),
  ...(row.Operation === '' ? {} : { operation: row.Operation }),
  ...(row.Target === '' ? {} : { target: row.Target }),
  startTime: formatNanos(BigInt(row.StartNanos)),
  durationNanos: Number(row.DurationNanos),
  status: statusOf(row.StatusCode),
  assurance: row.Assurance,
});
