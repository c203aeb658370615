import { expect, test } from 'vitest';
import { readDuration } from './duration.ts';

test.each([
  ['1.2s', 1_200_000_000n],
  ['100ms', 100_000_000n],
  ['1us', 1_000n],
  ['1µs', 1_000n],
  ['.5ms', 500_000n],
  ['1h30m', 5_400_000_000_000n],
  ['2d', 172_800_000_000_000n],
  ['7ns', 7n],
  ['0', 0n],
])('%s', (text, nanos) => {
  expect(readDuration(text)).toBe(nanos);
});

test.each(['', '1', '-1s', '1 s', '1sec', 's', '1e3s', '300000h'.repeat(10), '9999999999h', '1s; DROP'])(
  '%s is none',
  (text) => {
    expect(readDuration(text)).toBeUndefined();
  },
);
