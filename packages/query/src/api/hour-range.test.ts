import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hoursIn } from './hour-range.ts';
import { unitsDown, unitsUp } from './whole-units.ts';

const HOUR = 3_600_000_000_000n;

test('the hours that hold any of the time', () => {
  expect(hoursIn(HOUR + 1n, 2n * HOUR + 1n, 7).told).toEqual({
    from: '1970-01-01T01:00:00Z',
    to: '1970-01-01T03:00:00Z',
  });
  expect(hoursIn(undefined, undefined, 1, Date.UTC(2026, 2, 2, 3, 30)).told).toEqual({
    from: '2026-03-01T03:00:00Z',
    to: '2026-03-02T04:00:00Z',
  });
  expect(hoursIn(-HOUR, 2n ** 62n, 7).told).toEqual({
    from: '1970-01-01T00:00:00Z',
    to: '2106-02-07T06:00:00Z',
  });
  expect(() => hoursIn(5n, 5n, 7)).toThrowError(expect.objectContaining({ code: 'bad_parameter' }));
});

test('whole units below and above, on either side of the epoch', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (nanos) => {
      const [down, up] = [BigInt(unitsDown(nanos, 1_000_000n)), BigInt(unitsUp(nanos, 1_000_000n))];
      return (
        down * 1_000_000n <= nanos &&
        nanos <= up * 1_000_000n &&
        up - down === (nanos % 1_000_000n === 0n ? 0n : 1n)
      );
    }),
  );
});
