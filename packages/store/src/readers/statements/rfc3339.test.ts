import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatNanos, parseRfc3339 } from './rfc3339.ts';

test.each([
  ['2026-03-01T03:14:07Z', '2026-03-01T03:14:07.000000000Z'],
  ['2026-03-01T03:14:07.123456789Z', '2026-03-01T03:14:07.123456789Z'],
  ['2026-03-01t03:14:07.5z', '2026-03-01T03:14:07.500000000Z'],
  ['2026-03-01 04:14:07.000000001+01:00', '2026-03-01T03:14:07.000000001Z'],
  ['1969-12-31T23:59:59.999999999Z', '1969-12-31T23:59:59.999999999Z'],
])('%s', (text, formatted) => {
  expect(formatNanos(parseRfc3339(text)!)).toBe(formatted);
});

test.each([
  '',
  'yesterday',
  '2026-03-01',
  '2026-03-01T03:14:07',
  '2026-02-30T00:00:00Z',
  '2026-03-01T25:00:00Z',
  '2026-03-01T03:14:07.1234567891Z',
  '1026-03-01T03:14:07Z',
  '3026-03-01T03:14:07Z',
  "2026-03-01T03:14:07Z'",
])('no moment: %s', (text) => {
  expect(parseRfc3339(text)).toBeUndefined();
});

test('exact to the nanosecond, over all that the store holds', () => {
  const nanos = fc.bigInt({ min: -2_208_988_800_000_000_000n, max: 9_223_372_036_000_000_000n });
  fc.assert(fc.property(nanos, (moment) => parseRfc3339(formatNanos(moment)) === moment));
});
