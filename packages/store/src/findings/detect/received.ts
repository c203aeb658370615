import type { Parameters } from '../../readers/statements/select.ts';

/** By the collector's clock, milliseconds since the epoch. */
export interface ReceivedWindow {
  /** Inclusive. */
  readonly fromMillis: number;
  /** Exclusive. */
  readonly toMillis: number;
}

/** On rows of `otel_traces` or `gaps`: days that are outside are not opened, granules that are outside not read. */
export const RECEIVED = `ReceivedAt >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND ReceivedAt < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`;

export const receivedParameters = ({ fromMillis, toMillis }: ReceivedWindow): Parameters => ({
  from: fromMillis,
  to: toMillis,
});

/** Actions that a finding shows. */
export const SHOWN = 5;

/** The hour of receipt, seconds since the epoch. */
export const HOUR = 'toUnixTimestamp(toStartOfHour(ReceivedAt)) AS HourSeconds';

/** How often, when, and the first actions, of rows of `otel_traces`. */
export const SEEN = `count() AS Times, toString(toUnixTimestamp64Milli(min(Timestamp))) AS FirstMillis,
    toString(toUnixTimestamp64Milli(max(Timestamp))) AS LastMillis,
    arraySlice(arraySort(groupArray(50)((Timestamp, TraceId, SpanId))), 1, ${SHOWN}) AS Actions`;

export interface SeenRow {
  readonly Times: number;
  readonly FirstMillis: string;
  readonly LastMillis: string;
  readonly Actions: readonly (readonly [string, string, string])[];
}

/** What was seen of something. Milliseconds since the epoch. */
export interface Seen {
  readonly count: number;
  readonly firstSeenMillis: number;
  readonly lastSeenMillis: number;
  readonly actions: readonly { readonly traceId: string; readonly spanId: string }[];
}

export const seenOf = (row: SeenRow): Seen => ({
  count: row.Times,
  firstSeenMillis: Number(row.FirstMillis),
  lastSeenMillis: Number(row.LastMillis),
  actions: row.Actions.map(([, traceId, spanId]) => ({ traceId, spanId })),
});
