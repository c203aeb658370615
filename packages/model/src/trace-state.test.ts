import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceIn, withReference } from './trace-state.ts';

const REFERENCE = 'AZifPGsdelOLjnwffx8qEA.k1.WMK4cxi4AbmElj64';
const OURS = `whence=${REFERENCE}`;
const members = (count: number, value = 'v') => Array.from({ length: count }, (_, at) => `k${at}=${value}`);

describe('referenceIn', () => {
  it.each([
    ['', undefined],
    ['vendor=1', undefined],
    ['whence2=x,xwhence=y,a@whence=z', undefined],
    ['vendor=whence=x', undefined],
    [OURS, REFERENCE],
    [`vendor=1, ${OURS}\t,other=2`, REFERENCE],
    ['whence=', ''],
    ['whence=first,whence=second', 'first'],
    ['WHENCE=x', undefined],
  ])('%j holds %j', (header, reference) => {
    expect(referenceIn(header)).toBe(reference);
  });
});

describe('withReference', () => {
  it.each([
    ['nothing', '', OURS],
    ['others', 'a=1,b=2', `${OURS},a=1,b=2`],
    ['ours in the middle', 'a=1,whence=old,b=2', `${OURS},a=1,b=2`],
    ['ours twice', 'whence=old,a=1,whence=older', `${OURS},a=1`],
    ['blanks and empty members', ' a=1 ,, b=2 ,', `${OURS},a=1,b=2`],
    ['a key given twice', 'a=1,b=2,a=3', `${OURS},a=1,b=2`],
    ['a malformed neighbour', 'a=x=y,A=1,=2,b,c= ,d=é,e=ok', `${OURS},e=ok`],
    ['a tenant key', 't61@vendor=x', `${OURS},t61@vendor=x`],
    ['a key that begins like ours', 'whence2=x', `${OURS},whence2=x`],
  ])('goes first, with %s', (_, before, after) => {
    expect(withReference(before, REFERENCE)).toBe(after);
  });

  it('gives up the last of 32 other members', () => {
    const after = withReference(members(32).join(','), REFERENCE).split(',');
    expect(after).toEqual([OURS, ...members(31)]);
  });

  it('keeps 31 others, and 32 with ours among them', () => {
    expect(withReference(members(31).join(','), REFERENCE).split(',')).toHaveLength(32);
    expect(withReference([...members(31), 'whence=old'].join(','), REFERENCE).split(',')).toHaveLength(32);
  });

  it('keeps to 512 characters: members over 128 go first, then the last', () => {
    const long = `long=${'x'.repeat(200)}`;
    const short = members(6, 'y'.repeat(60));
    const after = withReference([long, ...short].join(','), REFERENCE);
    expect(after).toBe([OURS, ...short].join(','));
    const tooMany = members(9, 'y'.repeat(60));
    expect(withReference(tooMany.join(','), REFERENCE)).toBe([OURS, ...tooMany.slice(0, 7)].join(','));
  });

  it('is well-formed, holds the reference and is stable, whatever came in', () => {
    const key = fc.oneof(
      fc.constantFrom('whence', 'a', 'b', 'T', '1@x', ''),
      fc.stringMatching(/^[a-z]{1,3}$/),
    );
    const value = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ minLength: 120, maxLength: 300 }));
    const header = fc
      .array(
        fc.oneof(
          fc.tuple(key, value).map(([k, v]) => `${k}=${v}`),
          fc.string(),
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join(','));
    fc.assert(
      fc.property(header, (before) => {
        const after = withReference(before, REFERENCE);
        const parts = after.split(',');
        expect(referenceIn(after)).toBe(REFERENCE);
        expect(parts[0]).toBe(OURS);
        expect(parts.length).toBeLessThanOrEqual(32);
        expect(after.length).toBeLessThanOrEqual(512);
        expect(new Set(parts.map((part) => part.split('=')[0])).size).toBe(parts.length);
        for (const part of parts) expect(part).toMatch(/^[a-z0-9][a-z0-9_*/@-]*=[ -~]{0,255}[!-~]$/);
        expect(withReference(after, REFERENCE)).toBe(after);
      }),
      { numRuns: 500 },
    );
  });
});
