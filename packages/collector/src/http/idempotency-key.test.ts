import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idempotencyKeyIn } from './idempotency-key.ts';

const quoted = (key: string): string => `"${key.replace(/["\\]/g, '\\$&')}"`;

describe('Idempotency-Key', () => {
  it('may be left out', () => {
    expect(idempotencyKeyIn(undefined)).toEqual({ status: 'none' });
  });

  it('is the same with quotes and without', () => {
    const key = fc.stringMatching(/^[\x21-\x7e]{1,64}$/);
    fc.assert(
      fc.property(key, (text) => {
        expect(idempotencyKeyIn(quoted(text))).toEqual({ status: 'given', key: text });
        fc.pre(!text.startsWith('"'));
        expect(idempotencyKeyIn(text)).toEqual({ status: 'given', key: text });
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['an empty string', '""'],
    ['65 characters', 'a'.repeat(65)],
    ['65 characters in quotes', `"${'a'.repeat(65)}"`],
    ['two headers in one', 'a, b'],
    ['a blank', '"a b"'],
    ['a string that does not end', '"abc'],
    ['a string with a parameter', '"abc";x=1'],
    ['an escape that is none', '"a\\b"'],
    ['a letter that is not ASCII', 'ü'],
    ['a control character', 'a\u0007'],
  ])('%s is malformed', (_, header) => {
    expect(idempotencyKeyIn(header)).toEqual({ status: 'malformed' });
  });
});
