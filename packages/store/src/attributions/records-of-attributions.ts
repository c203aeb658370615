import type { Condition } from '../readers/actions/action-filter.ts';
import { ACTION_COLUMNS, type ActionRow, recordedActionOf } from '../readers/actions/action-row.ts';
import { type RecordedAction, spanKey } from '../readers/actions/recorded-action.ts';
import { type Selection, select } from '../readers/statements/select.ts';
import type { Attribution } from './attribution.ts';
import { currentWhere } from './attribution-filter.ts';

const WITHIN = `Timestamp >= fromUnixTimestamp64Nano({oldest:Int64})
  AND Timestamp <= fromUnixTimestamp64Nano({newest:Int64})`;

/**
 * The actions that these attributions are of, each once, as they were received. Records that contradict each other are
 * not attributed.
 *
 * @param attributions all that meet the condition, from the first to the last of them in time.
 * @param meeting a further condition on the actions themselves.
 */
export const recordsOfAttributions = async (
  selection: Selection,
  attributions: readonly Attribution[],
  { sql, parameters }: Condition,
  meeting?: Condition,
): Promise<readonly RecordedAction[]> => {
  if (attributions.length === 0) return [];
  const moments = attributions.map(({ facts }) => facts.startNanos);
  const spans = currentWhere(`${sql} AND ${WITHIN}`);
  const rows = await select<ActionRow>(
    selection,
    `SELECT ${ACTION_COLUMNS} FROM otel_traces
     WHERE TenantId = {tenant:String} AND Assurance = 'none' AND ${WITHIN}
       AND TraceId IN (SELECT TraceId FROM ${spans})
       AND (TraceId, SpanId) IN (SELECT TraceId, SpanId FROM ${spans})
       ${meeting === undefined ? '' : `AND ${meeting.sql}`}
     ORDER BY Timestamp, TraceId, SpanId, ReceivedAt, BatchId, RowNumber LIMIT 1 BY TraceId, SpanId`,
    {
      ...parameters,
      ...meeting?.parameters,
      oldest: moments.reduce((a, b) => (a < b ? a : b)).toString(),
      newest: moments.reduce((a, b) => (a > b ? a : b)).toString(),
    },
  );
  const wanted = new Set(attributions.map(spanKey));
  return rows
    .map((row) => recordedActionOf(row, undefined))
    .filter(({ action }) => wanted.has(spanKey(action)));
};
