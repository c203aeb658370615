const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waits after the first, second, … failed attempt: some two days in all. */
export const WAITS: readonly number[] = [
  ...[5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR],
  ...[2 * HOUR, 4 * HOUR, 6 * HOUR, 8 * HOUR, 12 * HOUR, 12 * HOUR],
];

const LONGEST_ASKED = 24 * HOUR;

/**
 * How long to wait after an attempt that failed: from half of the wait up to all of it, so that receivers that come
 * back are not stormed. Undefined: it is given up.
 *
 * @param attempt from 1
 * @param askedMillis the receiver asked for so long, a day at most
 */
export const waitAfter = (attempt: number, askedMillis = 0, random = Math.random()): number | undefined => {
  const wait = WAITS[attempt - 1];
  if (wait === undefined) return undefined;
  return Math.max(wait / 2 + (wait / 2) * random, Math.min(askedMillis, LONGEST_ASKED));
};
