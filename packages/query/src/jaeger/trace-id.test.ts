import { expect, test } from 'vitest';
import { readTraceId, shortTraceId } from './trace-id.ts';

const LONG = '0af7651916cd43dd8448eb211c80319c';

test.each([
  [LONG, LONG],
  [LONG.toUpperCase(), LONG],
  [LONG.slice(1), LONG],
  ['8448eb211c80319c', '00000000000000008448eb211c80319c'],
  ['1', '00000000000000000000000000000001'],
  ['CvdlGRbNQ92ESOshHIAxnA==', LONG],
  ['CvdlGRbNQ92ESOshHIAxnA', LONG],
  ['hEjrIRyAMZw=', '00000000000000008448eb211c80319c'],
])('%s is read', (text, id) => {
  expect(readTraceId(text)).toBe(id);
});

test.each(['', 'g', `${LONG}0`, '0x1', ' 1', 'CvdlGRbNQ92ESOshHIAx', "1' OR 1=1", 'hEjrIRyAMZw=='.repeat(2)])(
  '%s is none',
  (text) => {
    expect(readTraceId(text)).toBeUndefined();
  },
);

test('one of 64 bits is written short', () => {
  expect(shortTraceId(LONG)).toBe(LONG);
  expect(shortTraceId('00000000000000008448eb211c80319c')).toBe('8448eb211c80319c');
});
