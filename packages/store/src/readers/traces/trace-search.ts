import { type Selection, select } from '../statements/select.ts';
import { traceConditionOf } from './trace-filter.ts';
import type { TraceSearch, TracesFound } from './trace-reader.ts';

/** Matching spans that are looked at first, for each trace asked for. */
const SPANS_PER_TRACE = 16;
const LEAST_LOOKED_AT = 1_000;
/** What the store holds of them at most is some 100 MB. */
const MOST_LOOKED_AT = 1_000_000;
const GROWTH = 16;

/**
 * Traces by their newest matching spans. A trace may have a million of them, so that the number of spans that make up
 * so many traces is not known: more are looked at until there are enough traces, no more spans, or the bound is met.
 */
export const findTraces = async (
  selection: Selection,
  { filter, limit }: TraceSearch,
): Promise<TracesFound> => {
  const { sql, parameters } = traceConditionOf(filter);
  for (let spans = Math.max(LEAST_LOOKED_AT, limit * SPANS_PER_TRACE); ; spans *= GROWTH) {
    const bound = Math.min(spans, MOST_LOOKED_AT);
    const rows = await select<{ TraceId: string; Spans: string }>(
      selection,
      `SELECT TraceId, toString(sum(count()) OVER ()) AS Spans FROM (
         SELECT TraceId, Timestamp AS moment FROM otel_traces WHERE ${sql} ORDER BY Timestamp DESC LIMIT {spans:UInt32})
       GROUP BY TraceId ORDER BY max(moment) DESC, TraceId LIMIT {limit:UInt32}`,
      { ...parameters, spans: bound, limit },
    );
    const traceIds = rows.map(({ TraceId }) => TraceId);
    const wereAll = Number(rows[0]?.Spans ?? 0) < bound;
    if (wereAll || traceIds.length === limit) return { traceIds };
    if (bound === MOST_LOOKED_AT) return { traceIds, lookedAt: bound };
  }
};
