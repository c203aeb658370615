import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readUrlParameters } from './request-parameters.ts';

test('any text comes through a URL as its bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const url = `/?a=1&query=${encodeURIComponent(value)}&b`;
      const bytes = Buffer.from(value).toString('latin1');
      expect([...readUrlParameters(url)]).toEqual([
        ['a', '1'],
        ['query', bytes],
        ['b', ''],
      ]);
    }),
  );
});

test('bytes that are no UTF-8 are kept, a plus is a blank, the last of a name counts', () => {
  expect(readUrlParameters('/?a=%ff+%2B&a=%FE&%zz=1').get('a')).toBe('\xfe');
  expect(readUrlParameters('/?a=%ff+%2B').get('a')).toBe('\xff +');
  expect(readUrlParameters('/').size).toBe(0);
});
