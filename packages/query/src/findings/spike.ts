import { HOUR } from './rule.ts';

/**
 * Whether a count is out of the ordinary. Counts of what machines do are no bell curves: most hours are alike, some are
 * ten times as large, so that mean and deviation are ruled by what was already unusual. The median and the median
 * deviation from it (MAD) are not: up to half of the samples may be anything. A regular job has a MAD of zero, so the
 * noise of counting itself (the root of the median, as of a Poisson process) is a lower bound of what is ordinary.
 */
export interface Limits {
  /** Less is never told. */
  readonly minimum: number;
  /** How many times the expected count. */
  readonly times: number;
  /** How many deviations above it. */
  readonly deviations: number;
}

/** What a normal distribution's deviation is in MADs. */
const MAD_TO_DEVIATION = 1.4826;

export const median = (samples: readonly number[]): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

export interface Baseline {
  readonly expected: number;
  readonly deviation: number;
}

export const baselineOf = (samples: readonly number[]): Baseline => {
  const expected = median(samples);
  const mad = median(samples.map((sample) => Math.abs(sample - expected)));
  return { expected, deviation: Math.max(MAD_TO_DEVIATION * mad, Math.sqrt(expected), 1) };
};

/** The greatest count that is still ordinary. */
export const limitOf = ({ expected, deviation }: Baseline, { minimum, times, deviations }: Limits): number =>
  Math.max(minimum - 1, times * expected, expected + deviations * deviation);

const SECONDS_PER_HOUR = 3600;
const HOURS_PER_DAY = 24;
const DAYS_PER_WEEK = 7;

/** What is compared with: an hour a day or a week before, and those beside it, since a clock change moves jobs. */
const BESIDE = [0, -1, 1];

/** A weekly job is nothing new on its weekday: so many such days must be known. */
const WEEKS_MIN = 3;

export interface Judged {
  readonly isSpike: boolean;
  readonly expected: number;
  readonly limit: number;
  /** Days that were compared with. */
  readonly days: number;
}

/**
 * Judges an hour against the same hours of the days before, and against those of its weekday: it is a spike where it is
 * out of the ordinary for both.
 *
 * @param hour when it began, seconds since the epoch
 * @param countAt what was counted in an hour, 0 where nothing was
 * @param sinceHour nothing is known of what was before; such days are no samples
 */
export const judgedHour = (
  hour: number,
  countAt: (hour: number) => number,
  { sinceHour, days, limits }: { readonly sinceHour: number; readonly days: number; readonly limits: Limits },
): Judged => {
  const samples = (step: number, shift: number): number[] => {
    const found: number[] = [];
    for (let back = step; back <= days; back += step) {
      const then = hour + (shift - back * HOURS_PER_DAY) * SECONDS_PER_HOUR;
      if (then > sinceHour) found.push(countAt(then));
    }
    return found;
  };
  const ofDays = BESIDE.map((shift) => samples(1, shift));
  const ofWeeks = BESIDE.map((shift) => samples(DAYS_PER_WEEK, shift)).filter(
    ({ length }) => length >= WEEKS_MIN,
  );
  const baselines = [...ofDays, ...ofWeeks].filter(({ length }) => length > 0).map(baselineOf);
  const limit = Math.max(...baselines.map((baseline) => limitOf(baseline, limits)), limits.minimum - 1);
  return {
    isSpike: baselines.length > 0 && countAt(hour) > limit,
    expected: Math.max(0, ...baselines.map(({ expected }) => expected)),
    limit,
    days: ofDays[0]?.length ?? 0,
  };
};

/**
 * Judges failures by their share: `actions` should hold as many as the share before says, with the noise of counting.
 * A job that does ten times as much, and fails as rarely as ever, is no failure spike.
 */
export const judgedFailures = (
  now: { readonly actions: number; readonly errors: number },
  before: { readonly actions: number; readonly errors: number },
  limits: Limits,
): Omit<Judged, 'days'> => {
  const expected = before.actions === 0 ? 0 : (before.errors / before.actions) * now.actions;
  const limit = limitOf({ expected, deviation: Math.max(Math.sqrt(expected), 1) }, limits);
  return { isSpike: now.errors > limit, expected, limit };
};

/** Whole hours in which something may have been counted since. Records may be on their way for two hours. */
export const judgedHours = (fromMillis: number, nowMillis: number) => ({
  fromSeconds: Math.floor((fromMillis - 2 * HOUR) / HOUR) * 3600,
  toSeconds: (Math.floor(nowMillis / HOUR) + 1) * 3600,
});
