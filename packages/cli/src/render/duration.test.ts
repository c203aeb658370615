import { describe, expect, it } from 'vitest';
import { durationBetween, durationText } from './duration.ts';

describe('durationText', () => {
  it.each([
    [0, '0 µs'],
    [420, '0.42 µs'],
    [840_000, '840 µs'],
    [999_499, '999 µs'],
    [999_600, '1 ms'],
    [12_440_000, '12.4 ms'],
    [999_600_000, '1 s'],
    [1_520_000_000, '1.52 s'],
    [59_960_000_000, '1 min 0 s'],
    [200_000_000_000, '3 min 20 s'],
    [7_500_000_000_000, '2 h 5 min'],
  ])('%i ns is %s', (nanos, text) => {
    expect(durationText(nanos)).toBe(text);
  });

  it('measures between two times', () => {
    expect(durationBetween('2026-03-01T03:14:00.000Z', '2026-03-01T03:14:01.520Z')).toBe('1.52 s');
  });
});
