import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainJson, plainText } from './plain-text.ts';

describe('plainText', () => {
  it.each([
    ['UPDATE accounts\n   SET a = 1\t-- why', 'UPDATE accounts SET a = 1 -- why'],
    ['\u001b[31mred\u001b[0m', '�red�'],
    ['\u001b]0;a title that hides the rest', '�]0;a title that hides the rest'],
    ['\u009b31mred', '�31mred'],
    ['a\u0000b\u0007c', 'a�b�c'],
    ['user:\u202eanad', 'user:�anad'],
    ['zero\u200bwidth\ufeff', 'zero�width�'],
    ['half \ud800 pair', 'half � pair'],
    ['line\u2028separator', 'line separator'],
    ['Zürich – 東京 – 🙂', 'Zürich – 東京 – 🙂'],
    ['  padded  ', 'padded'],
  ])('%j becomes %j', (text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  it('has nothing in it that a terminal obeys, and is the same the second time', () => {
    const nasty = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\u001b', '[', '3', 'm', ']', '\n', '\u202e', '\u009b', '\ud800', 'a'),
        fc.string(),
      ),
    });
    fc.assert(
      fc.property(nasty, (text) => {
        const plain = plainText(text);
        expect(plain).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
        expect(plainText(plain)).toBe(plain);
      }),
      { numRuns: 500 },
    );
  });
});

describe('plainJson', () => {
  it('is the same value, with nothing hidden in it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const json = plainJson({ value, text: `${text}\u202e\u009b\u{e0001}` });
        expect(json).not.toMatch(/[\p{Cf}\p{Cs}]|(?!\n)\p{Cc}/u);
        expect(JSON.parse(json)).toEqual(
          JSON.parse(JSON.stringify({ value, text: `${text}\u202e\u009b\u{e0001}` })),
        );
      }),
    );
  });
});
