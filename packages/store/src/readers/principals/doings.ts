import { formatNanos } from '../statements/rfc3339.ts';

/** How much was done, and when. */
export interface Doings {
  /** Records: a span that was sent twice is two. */
  readonly actions: number;
  readonly errors: number;
  /** RFC 3339, nanoseconds, UTC: the sender's word, but never later than the receipt. */
  readonly firstSeen: string;
  readonly lastSeen: string;
}

/** Of a rollup's rows, grouped; `DoingsRow` is what comes back. */
export const DOINGS = `
    toUInt64(sum(Actions)) AS ActionCount, toUInt64(sum(Errors)) AS ErrorCount,
    toString(toUnixTimestamp64Nano(min(FirstSeen))) AS FirstNanos,
    toString(toUnixTimestamp64Nano(max(LastSeen))) AS LastNanos`;

export interface DoingsRow {
  readonly ActionCount: number;
  readonly ErrorCount: number;
  readonly FirstNanos: string;
  readonly LastNanos: string;
}

export const doingsOf = (row: DoingsRow): Doings => ({
  actions: row.ActionCount,
  errors: row.ErrorCount,
  firstSeen: momentOf(row.FirstNanos),
  lastSeen: momentOf(row.LastNanos),
});

/** Nanoseconds since the epoch, as the store writes them. */
export const momentOf = (nanos: string): string => formatNanos(BigInt(nanos));
