import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutMiddleTo, cutTo, padBefore, padTo, widthOf } from './text-width.ts';

describe('widths', () => {
  it.each([
    ['', 0],
    ['plain', 5],
    ['Zürich', 6],
    ['Zu\u0308rich', 6],
    ['東京', 4],
    ['한국', 4],
    ['🙂', 2],
    ['├─ …', 4],
  ])('%j takes %i cells', (text, cells) => {
    expect(widthOf(text)).toBe(cells);
  });

  it.each([
    ['nightly-reconcile', 17, 'nightly-reconcile'],
    ['nightly-reconcile', 8, 'nightly…'],
    ['東京都庁', 6, '東京…'],
    ['東京都庁', 4, '東…'],
  ])('%j cut to %i is %j', (text, cells, cut) => {
    expect(cutTo(text, cells)).toBe(cut);
  });

  it('cuts ids in the middle', () => {
    expect(cutMiddleTo('k8s://production/jobs/nightly', 17)).toBe('k8s://pr…/nightly');
    expect(cutMiddleTo('k8s://demo', 10)).toBe('k8s://demo');
  });

  it('pads', () => {
    expect([padTo('東', 4), padBefore('東', 4), padTo('long', 2)]).toEqual(['東  ', '  東', 'long']);
  });

  it('never cuts to more than asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, cells) => {
        expect(widthOf(cutTo(text, cells))).toBeLessThanOrEqual(cells);
        expect(widthOf(cutMiddleTo(text, cells))).toBeLessThanOrEqual(cells);
      }),
    );
  });
});
