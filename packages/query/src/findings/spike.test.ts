import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { baselineOf, judgedFailures, judgedHour, median } from './spike.ts';

const LIMITS = { minimum: 100, times: 4, deviations: 6 };
const HOUR = 3600;
const DAY = 24 * HOUR;
const NOW = 20_000 * DAY + 3 * HOUR;
const judge = (countAt: (hour: number) => number, limits = LIMITS) =>
  judgedHour(NOW, countAt, { sinceHour: NOW - 28 * DAY, days: 28, limits });

const count = fc.integer({ min: 0, max: 10_000_000 });

describe('a rate', () => {
  test('that is constant never alarms, however high', () => {
    fc.assert(fc.property(count, (rate) => !judge(() => rate).isSpike));
  });

  test('that is tenfold does, from the minimum on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 1_000_000 }),
        (rate) => judge((hour) => (hour === NOW ? rate * 10 : rate)).isSpike,
      ),
    );
  });

  test('that varies by half never alarms', () => {
    fc.assert(
      fc.property(
        count,
        fc.infiniteStream(fc.double({ min: 0.5, max: 1.5, noNaN: true })),
        (rate, factors) => {
          const known = new Map<number, number>();
          const countAt = (hour: number): number => {
            const seen = known.get(hour) ?? Math.round(rate * factors.next().value!);
            known.set(hour, seen);
            return seen;
          };
          return !judge(countAt).isSpike;
        },
      ),
    );
  });

  test('below the minimum never alarms', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 99 }),
        (now) => !judge((hour) => (hour === NOW ? now : 0)).isSpike,
      ),
    );
  });

  test('of a job at its hour is usual there and nowhere else; of a weekly one on its weekday', () => {
    const nightly = (hour: number) => (hour % DAY === 3 * HOUR ? 5000 : 0);
    expect(judge(nightly).isSpike).toBe(false);
    expect(judge((hour) => nightly(hour - 12 * HOUR) + (hour === NOW ? 5000 : 0)).isSpike).toBe(true);
    // The clock was changed.
    expect(judge((hour) => (hour === NOW ? 5000 : nightly(hour + HOUR))).isSpike).toBe(false);
    const weekly = (hour: number) => ((NOW - hour) % (7 * DAY) === 0 ? 5000 : 0);
    expect(judge(weekly).isSpike).toBe(false);
    expect(judge((hour) => weekly(hour) + (hour === NOW ? 45_000 : 0)).isSpike).toBe(true);
  });

  test('days that were out of the ordinary themselves do not hide the next one', () => {
    const spiky = (hour: number) => (hour === NOW || (NOW - hour) % (5 * DAY) === 0 ? 5000 : 100);
    expect(judge(spiky).isSpike).toBe(true);
  });

  test('of which nothing is known is not judged', () => {
    const judged = judgedHour(NOW, () => 1_000_000, { sinceHour: NOW, days: 28, limits: LIMITS });
    expect(judged).toMatchObject({ isSpike: false, days: 0 });
  });
});

test('failures are judged by their share', () => {
  const limits = { minimum: 10, times: 3, deviations: 6 };
  const before = fc.integer({ min: 1, max: 1_000_000 });
  fc.assert(
    fc.property(before, fc.double({ min: 0, max: 1, noNaN: true }), before, (actions, share, now) => {
      const errors = Math.floor(actions * share);
      const same = Math.floor((now * errors) / actions);
      return !judgedFailures({ actions: now, errors: same }, { actions, errors }, limits).isSpike;
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 1_000_000 }), (actions) => {
      const errors = Math.ceil(actions * 0.01);
      return judgedFailures({ actions, errors: errors * 10 }, { actions, errors }, limits).isSpike;
    }),
  );
});

test('median and deviation', () => {
  expect([median([]), median([3]), median([4, 1]), median([9, 1, 2])]).toEqual([0, 3, 2.5, 2]);
  expect(baselineOf([100, 100, 100])).toEqual({ expected: 100, deviation: 10 });
});
