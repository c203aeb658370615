import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secondOf, windowsBack } from './time-windows.ts';

const NOW = 1_800_000_000_000_000_000n;
const moment = fc.bigInt({ min: -2_208_988_800_000_000_000n, max: 9_223_372_036_000_000_000n });

test('every moment of the time is in exactly one window, later windows are older, and no other moment is in any', () => {
  fc.assert(
    fc.property(
      fc.option(moment, { nil: undefined }),
      fc.option(moment, { nil: undefined }),
      moment,
      (fromNanos, toNanos, at) => {
        const time = {
          ...(fromNanos === undefined ? {} : { fromNanos }),
          ...(toNanos === undefined ? {} : { toNanos }),
        };
        const windows = windowsBack(time, NOW);
        const holds = (of: { readonly fromNanos?: bigint; readonly toNanos?: bigint }) =>
          (of.fromNanos === undefined || at >= of.fromNanos) && (of.toNanos === undefined || at < of.toNanos);
        expect(windows.filter(holds)).toHaveLength(holds(time) ? 1 : 0);
        expect(windows.length).toBeLessThanOrEqual(6);
        for (const [index, window] of windows.entries()) {
          if (index > 0) expect(window.toNanos).toBe(windows[index - 1]?.fromNanos);
        }
      },
    ),
  );
});

test('seconds stop at the edges of what the store holds', () => {
  expect(secondOf(1_999_999_999n)).toBe(1);
  expect(secondOf(-1n)).toBe(0);
  expect(secondOf(4_294_967_296_000_000_000n)).toBe(4_294_967_295);
});
