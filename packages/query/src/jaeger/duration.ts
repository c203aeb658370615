const NANOS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
  w: 7 * 86_400e9,
};

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)/g;
const WHOLE = new RegExp(`^(?:${PART.source})+$`);
/** 292 years, the most that Go's durations hold. */
const MOST_NANOS = 9.22e18;

/**
 * A duration as Go writes it: `1.2s`, `100ms`, `1h30m`; days and weeks as well, which Jaeger UI's look-back has.
 *
 * @returns nanoseconds; undefined where it is none, or longer than 292 years.
 */
export const readDuration = (text: string): bigint | undefined => {
  if (text === '0') return 0n;
  if (text.length > 64 || !WHOLE.test(text)) return undefined;
  const nanos = [...text.matchAll(PART)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * NANOS[unit!]!,
    0,
  );
  return nanos > MOST_NANOS ? undefined : BigInt(Math.round(nanos));
};
