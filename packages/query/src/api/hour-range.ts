import { badParameter } from './parameters.ts';
import { unitsDown, unitsUp } from './whole-units.ts';

/** Whole hours in which something was asked for. Seconds since the epoch. */
export interface AskedHours {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** As they are told in the answer. */
  readonly told: { readonly from: string; readonly to: string };
}

const HOUR = 3600;
const HOUR_NANOS = 3_600_000_000_000n;
/** What an hour of the store can be: seconds in 32 bits. Nothing is counted outside. */
const LATEST = Math.floor((2 ** 32 - 1) / HOUR) * HOUR;

/**
 * The hours that hold any of the time asked for.
 *
 * @param days before now, where the start is not said
 * @throws QueryError `bad_parameter`
 */
export const hoursIn = (
  from: bigint | undefined,
  to: bigint | undefined,
  days: number,
  now = Date.now(),
): AskedHours => {
  const end = to === undefined ? BigInt(now) * 1_000_000n : to;
  const start = from ?? end - BigInt(days * 24) * HOUR_NANOS;
  if (start >= end) throw badParameter('to', 'not after "from"');
  const fromSeconds = inStore(unitsDown(start, HOUR_NANOS) * HOUR);
  const toSeconds = inStore(unitsUp(end, HOUR_NANOS) * HOUR);
  return { fromSeconds, toSeconds, told: { from: momentOf(fromSeconds), to: momentOf(toSeconds) } };
};

/** @throws QueryError `bad_parameter` where that many steps, for each of so many groups, are too many. */
export const checkSteps = (
  { fromSeconds, toSeconds }: AskedHours,
  every: 'hour' | 'day',
  groups: number,
  most: number,
): void => {
  const steps = Math.ceil((toSeconds - fromSeconds) / (every === 'hour' ? HOUR : 24 * HOUR)) * groups;
  if (steps > most) {
    throw badParameter(
      'every',
      `${steps} steps in the time asked for, ${most} at most: ask for less, or every day`,
    );
  }
};

const inStore = (seconds: number): number => Math.min(Math.max(seconds, 0), LATEST);

const momentOf = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
