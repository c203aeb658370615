import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blocksOfPart, grown, isCovered, joined } from './covered-blocks.ts';

describe('the name of a part', () => {
  test.each([
    ['20260301_17_19_1', { min: 17, max: 19 }],
    ['20260301_17_19_1_23', { min: 17, max: 19 }],
    ['all_0_0_0', { min: 0, max: 0 }],
    ['ab54cc3d_1_200_12', { min: 1, max: 200 }],
    ['nonsense', undefined],
  ])('%s', (name, blocks) => expect(blocksOfPart(name)).toEqual(blocks));
});

test('void ranges are none', () => {
  expect(joined([{ min: 6, max: 5 }])).toEqual([]);
});

test('whatever is added is covered, nothing else is, and what has grown tells all of it', () => {
  const ranges = fc.array(
    fc.record({ min: fc.nat(40), length: fc.nat(5) }).map(({ min, length }) => ({ min, max: min + length })),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(ranges, ranges, (known, added) => {
      const before = joined(known);
      const after = joined([...before, ...grown(before, added)]);
      const all = [...known, ...added];
      for (let block = 0; block <= 46; block += 1) {
        const isIn = all.some(({ min, max }) => min <= block && block <= max);
        expect(isCovered(after, { min: block, max: block })).toBe(isIn);
      }
    }),
  );
});
