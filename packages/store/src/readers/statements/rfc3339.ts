/**
 * Moments as nanoseconds since the epoch, exactly: a JavaScript number loses them, and so does `Date`.
 * Written as RFC 3339, UTC, nine digits.
 */
const NANOS_PER_SECOND = 1_000_000_000n;

/** What `DateTime64(9)` holds: a signed 64-bit count of nanoseconds, years 1900 to 2262. */
export const EARLIEST_NANOS = -2_208_988_800n * NANOS_PER_SECOND;
export const LATEST_NANOS = 9_223_372_036n * NANOS_PER_SECOND;

const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

export const formatNanos = (nanos: bigint): string => {
  const rest = ((nanos % NANOS_PER_SECOND) + NANOS_PER_SECOND) % NANOS_PER_SECOND;
  const seconds = (nanos - rest) / NANOS_PER_SECOND;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}.${rest.toString().padStart(9, '0')}Z`;
};

/** @returns undefined where the text is no RFC 3339 moment, or one that the store cannot hold. */
export const parseRfc3339 = (text: string): bigint | undefined => {
  const [, date, time, fraction = '', zone] = RFC3339.exec(text) ?? [];
  if (date === undefined) return undefined;
  const millis = Date.parse(`${date}T${time}${zone?.toUpperCase()}`);
  if (Number.isNaN(millis) || !isCalendarDay(date)) return undefined;
  const nanos = BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return nanos < EARLIEST_NANOS || nanos > LATEST_NANOS ? undefined : nanos;
};

/** `Date.parse` takes the 31st of February for the 3rd of March. */
const isCalendarDay = (date: string): boolean => {
  const parsed = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().slice(0, 10) === date;
};
