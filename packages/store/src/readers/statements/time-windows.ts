/** Nanoseconds since the epoch: from inclusive, to exclusive. Absent: no bound. */
export interface TimeWindow {
  readonly fromNanos?: bigint;
  readonly toNanos?: bigint;
}

const HOUR = 3_600_000_000_000n;
/** How far back each window reaches. What lies before the last is one more. */
const REACHES = [1n, 24n, 24n * 7n, 24n * 31n, 24n * 366n].map((hours) => hours * HOUR);

/**
 * A time in windows, the newest first, each longer than the one before: whoever looks for the newest few of something
 * reads no more than it takes to find them. Together they are the whole, and none overlaps another.
 *
 * @param nowNanos from where the windows reach back, unless the time ends before.
 */
export const windowsBack = ({ fromNanos, toNanos }: TimeWindow, nowNanos: bigint): readonly TimeWindow[] => {
  const anchor = toNanos !== undefined && toNanos < nowNanos ? toNanos : nowNanos;
  const windows: TimeWindow[] = [];
  let end = toNanos;
  for (const reach of REACHES) {
    const start = anchor - reach;
    if (fromNanos !== undefined && start <= fromNanos) break;
    windows.push({ fromNanos: start, ...(end === undefined ? {} : { toNanos: end }) });
    end = start;
  }
  windows.push({
    ...(fromNanos === undefined ? {} : { fromNanos }),
    ...(end === undefined ? {} : { toNanos: end }),
  });
  return windows;
};

/** What `DateTime` holds. */
const LATEST_SECOND = 4_294_967_295n;
const NANOS_PER_SECOND = 1_000_000_000n;

/** Seconds since the epoch as `TimestampTime` keeps them: what is before 1970 or after 2106 at the edge. */
export const secondOf = (nanos: bigint): number => {
  const second = nanos / NANOS_PER_SECOND;
  return Number(nanos < 0n ? 0n : second > LATEST_SECOND ? LATEST_SECOND : second);
};
