import { IS_ACTION } from '../actions/action-row.ts';
import { recordRows } from '../actions/record-rows.ts';
import { selectActions, selectActionsAsStored } from '../actions/select-actions.ts';
import type { RunReader } from '../runs/run-reader.ts';
import { BY_ID, OF_TENANT, type Selection, select } from '../statements/select.ts';
import type { RecordedSpan } from './recorded-span.ts';
import { callsBetween, hoursBetween } from './service-calls.ts';
import { recordedSpanOf, SPAN_COLUMNS, type SpanRow } from './span-row.ts';
import type { SpanPlace, TraceLayout, TraceReader } from './trace-reader.ts';
import { findTraces } from './trace-search.ts';
import { summarizeTraces } from './trace-summaries.ts';

/** Whole spans that are in memory at once. */
const SPANS_PER_CHUNK = 2_000;
/** Records in one answer of the store: a span may have been sent with several contents. */
const RECORDS_AT_ONCE = 100_000;

const OF_TRACE = `TraceId = {trace:String} AND ${OF_TENANT}`;
const OLDEST_FIRST = 'Timestamp, SpanId';

interface PlaceRow {
  readonly Nanos: string;
  readonly SpanId: string;
  readonly ParentSpanId: string;
  readonly IsMark: number;
}

export const storedTraces = (selection: Selection, runs: RunReader): TraceReader => {
  const recorded = async (rows: readonly SpanRow[]): Promise<readonly RecordedSpan[]> => {
    const actions = await recordRows(runs, rows);
    return rows.map((row, index) => recordedSpanOf(row, actions[index]!));
  };

  const layout = async (traceId: string, limit: number): Promise<TraceLayout> => {
    const rows = await select<PlaceRow>(
      selection,
      `SELECT toString(toUnixTimestamp64Nano(Timestamp)) AS Nanos, SpanId, ParentSpanId,
         NOT ${IS_ACTION} AS IsMark
       FROM otel_traces WHERE ${OF_TRACE} ORDER BY ${OLDEST_FIRST} LIMIT {limit:UInt32}`,
      { trace: traceId, limit: limit + 1 },
      BY_ID,
    );
    const shown = rows.slice(0, limit);
    const places = eachOnce(shown.map(placeOf));
    const hasRepeats = new Set(shown.map(({ SpanId }) => SpanId)).size < shown.length;
    if (rows.length <= limit) return { places, hasRepeats };
    const [counted] = await select<{ Records: string }>(
      selection,
      `SELECT toString(count()) AS Records FROM otel_traces WHERE ${OF_TRACE}`,
      { trace: traceId },
      BY_ID,
    );
    return { places, hasRepeats, records: Number(counted?.Records ?? rows.length) };
  };

  /** What lies between two places, which are the ends of a layout: it bounds what the store has to sort. */
  const between = (traceId: string, first: SpanPlace, last: SpanPlace) => ({
    statement: {
      columns: SPAN_COLUMNS,
      condition: `${OF_TRACE} AND Timestamp >= fromUnixTimestamp64Nano({first:Int64})
        AND Timestamp <= fromUnixTimestamp64Nano({last:Int64})
        AND (Timestamp, SpanId) >= (fromUnixTimestamp64Nano({first:Int64}), {firstSpan:String})
        AND (Timestamp, SpanId) <= (fromUnixTimestamp64Nano({last:Int64}), {lastSpan:String})`,
      order: OLDEST_FIRST,
      way: BY_ID,
    },
    parameters: {
      trace: traceId,
      first: first.startNanos.toString(),
      firstSpan: first.spanId,
      last: last.startNanos.toString(),
      lastSpan: last.spanId,
      limit: RECORDS_AT_ONCE,
    },
  });

  async function* spans(
    traceId: string,
    { places, hasRepeats }: TraceLayout,
  ): AsyncGenerator<readonly RecordedSpan[]> {
    if (!hasRepeats && places.length > 0) {
      const { statement, parameters } = between(traceId, places[0]!, places.at(-1)!);
      let held: SpanRow[] = [];
      for await (const rows of selectActionsAsStored<SpanRow>(selection, statement, parameters)) {
        held.push(...rows);
        if (held.length < SPANS_PER_CHUNK) continue;
        yield await recorded(held);
        held = [];
      }
      if (held.length > 0) yield await recorded(held);
      return;
    }
    for (let from = 0; from < places.length; from += SPANS_PER_CHUNK) {
      const some = places.slice(from, from + SPANS_PER_CHUNK);
      const { statement, parameters } = between(traceId, some[0]!, some.at(-1)!);
      yield await recorded(await selectActions<SpanRow>(selection, statement, parameters));
    }
  }

  return {
    layout,
    spans,
    find: (search) => findTraces(selection, search),
    summaries: (traceIds) => summarizeTraces(selection, traceIds),
    hours: (fromNanos, toNanos, limit) => hoursBetween(selection, fromNanos, toNanos, limit),
    calls: (fromNanos, toNanos) => callsBetween(selection, fromNanos, toNanos),

    smallTraces: async (traceIds, limit) => {
      const rows = await selectActions<SpanRow>(
        selection,
        {
          columns: SPAN_COLUMNS,
          condition: `TraceId IN {traces:Array(String)} AND ${OF_TENANT}`,
          order: `TraceId, ${OLDEST_FIRST}`,
          way: BY_ID,
        },
        { traces: traceIds, limit },
      );
      return Map.groupBy(await recorded(rows), ({ action }) => action.traceId);
    },
  };
};

const placeOf = ({ Nanos, SpanId, ParentSpanId, IsMark }: PlaceRow): SpanPlace => ({
  spanId: SpanId,
  ...(ParentSpanId === '' ? {} : { parentSpanId: ParentSpanId }),
  startNanos: BigInt(Nanos),
  isMark: IsMark === 1,
});

/** A span that was delivered twice stands twice at the same moment. */
const eachOnce = (places: readonly SpanPlace[]): readonly SpanPlace[] =>
  places.filter(
    (place, index) =>
      index === 0 ||
      place.spanId !== places[index - 1]!.spanId ||
      place.startNanos !== places[index - 1]!.startNanos,
  );
