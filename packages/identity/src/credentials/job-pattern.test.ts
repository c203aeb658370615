import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatches } from './glob.ts';
import { isJobName } from './job-pattern.ts';

describe('globMatches', () => {
  it.each([
    ['nightly-*', 'nightly-reconcile', true],
    ['nightly-*', 'nightly-', true],
    ['nightly-*', 'nightly', false],
    ['nightly-*', 'my-nightly-x', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-b-b-d', false],
    ['a.c', 'abc', false],
    ['[a-z]+', 'abc', false],
    ['[a-z]+', '[a-z]+', true],
    ['', '', true],
    ['', 'a', false],
    ['a**b', 'ab', true],
    ['Nightly', 'nightly', false],
  ])('%j and %j: %s', (pattern, job, matches) => {
    expect(globMatches(pattern, job)).toBe(matches);
  });

  it('agrees with the regular expression that says the same', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (pattern, job) => {
        const expression = pattern
          .split('*')
          .map((part) => part.replaceAll('.', '\\.'))
          .join('[^]*');
        expect(globMatches(pattern, job)).toBe(new RegExp(`^${expression}$`).test(job));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes no longer than the lengths allow', () => {
    expect(globMatches(`${'*a'.repeat(100)}b`, 'a'.repeat(200))).toBe(false);
  });
});

describe('isJobName', () => {
  it.each([
    ['nightly-reconcile', true],
    ['Nightly Reconcile (EU)', true],
    ['', false],
    [' padded', false],
    ['two\nlines', false],
    ['\u001b[31mred', false],
    ['\u202eesrever', false],
    ['x'.repeat(200), true],
    ['x'.repeat(201), false],
  ])('%j: %s', (text, legal) => {
    expect(isJobName(text)).toBe(legal);
  });
});
