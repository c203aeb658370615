import { formatCursor } from '../api/cursor.ts';

/** Cursors that were never given out, for tests: whoever knows how one is made can make them. */

const FIRST = [
  ...['', '1772334847000000000', '9223372036854775808', '-9999999999999999999', 'NaN', '\0'],
  '2026-03-01T03:14:07Z',
];

const REST = [
  [''],
  ['f'.repeat(32), 'e'.repeat(16)],
  ['e'.repeat(16)],
  ['------------------------------------'],
  ["' OR 1=1 --", '{x:String}', '\\'],
  ['\0', '\ud800', '\udc00\ud800'],
  ['x'.repeat(800), 'x'.repeat(800), 'x'.repeat(800)],
];

/** @param question as a cursor of it is made */
export const forgedCursors = (question: string): readonly string[] => [
  formatCursor(question, []),
  ...FIRST.flatMap((first) => REST.map((rest) => formatCursor(question, [first, ...rest]))),
];

/** What becomes of a cursor that was given out, on its way back. */
export const spoiltCursors = (cursor: string): readonly string[] => [
  ...[1, 2, 3, 8, cursor.length - 1].map((length) => cursor.slice(0, length)),
  ...[1, 2, 3].map((length) => cursor.slice(0, -length)),
  `${cursor}A`,
  `${cursor}=`,
  cursor.split('').reverse().join(''),
  ...[0, 5, 11, 12, 20, cursor.length - 1].map(
    (at) => cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1),
  ),
];
