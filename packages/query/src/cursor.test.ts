import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatCursor, parseCursor } from './cursor.ts';

const hex = (digits: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
    .map((of) => of.map((digit) => digit.toString(16)).join(''));

test('round trip', () => {
  const position = fc.record({
    startNanos: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    traceId: hex(32),
    spanId: hex(16),
  });
  fc.assert(
    fc.property(position, (at) => {
      expect(parseCursor(formatCursor(at))).toEqual(at);
    }),
  );
});

test('nothing else is one', () => {
  const cursor = formatCursor({ startNanos: 1n, traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) });
  for (const text of [
    '',
    'x',
    `${cursor}A`,
    cursor.slice(1),
    `${cursor.slice(0, -1)}~`,
    cursor.replace(/.$/, '1'),
  ]) {
    expect([text, parseCursor(text)]).toEqual([text, undefined]);
  }
});
