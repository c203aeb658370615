import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatCursor, readCursor } from './cursor.ts';

test('round trip, in the question that it belongs to and in no other', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }),
      (question, other, position) => {
        const cursor = formatCursor(question, position);
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(readCursor(question, cursor)).toEqual({ status: 'read', position });
        if (other !== question) expect(readCursor(other, cursor)).toEqual({ status: 'of_another_question' });
      },
    ),
  );
});

test('nothing else is one', () => {
  const cursor = formatCursor('q', ['1', 'a']);
  for (const text of [
    '',
    'x',
    `${cursor}=`,
    `${cursor.slice(0, -1)}~`,
    cursor.slice(0, -2),
    'A'.repeat(5000),
    Buffer.from('12345678{"a":1}').toString('base64url'),
    Buffer.from('12345678[1]').toString('base64url'),
  ]) {
    expect([text, readCursor('q', text)]).toEqual([text, { status: 'malformed' }]);
  }
});
