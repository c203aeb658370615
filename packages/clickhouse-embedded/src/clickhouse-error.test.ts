import { expect, test } from 'vitest';
import { clickHouseError, fromEngine } from './clickhouse-error.ts';
import { httpStatus } from './http-status.ts';

test("reads the engine's text", () => {
  const error = fromEngine(
    new Error('Code: 60. DB::Exception: Unknown table (x) in scope. Maybe y?. (UNKNOWN_TABLE)'),
  );
  expect(error).toMatchObject({
    code: 60,
    codeName: 'UNKNOWN_TABLE',
    message: 'Unknown table (x) in scope. Maybe y?.',
  });
  expect(error.text('26.7')).toBe(
    'Code: 60. DB::Exception: Unknown table (x) in scope. Maybe y?. (UNKNOWN_TABLE) (version 26.7)',
  );
});

test('undoes nesting, and names no file of ours', () => {
  const error = fromEngine(
    new Error(
      'Code: 27. DB::Exception: Code: 27. DB::Exception: Cannot parse: (at row 2)\n: (in file/uri /data/spool/1-2): data for ' +
        'INSERT was parsed from file. (CANNOT_PARSE) (version 26.7.2.1). (CANNOT_PARSE)',
    ),
  );
  expect(error.message).toBe(
    'Cannot parse: (at row 2)\n: (in the body of the request): data for INSERT was parsed from query.',
  );
});

test('what is no exception of the engine stays itself or becomes UNKNOWN_EXCEPTION', () => {
  const own = clickHouseError('READONLY', 'no');
  expect(fromEngine(own)).toBe(own);
  expect(fromEngine(new Error('x'))).toMatchObject({ code: 1002, message: 'x' });
  expect(fromEngine('x')).toMatchObject({ code: 1002, message: 'x' });
});

test.each([
  ['SYNTAX_ERROR', 400],
  ['REQUIRED_PASSWORD', 401],
  ['ACCESS_DENIED', 403],
  ['UNKNOWN_TABLE', 404],
  ['TIMEOUT_EXCEEDED', 408],
  ['NOT_IMPLEMENTED', 501],
  ['CANNOT_OPEN_FILE', 503],
  ['MEMORY_LIMIT_EXCEEDED', 500],
])('%s is %i', (name, status) => {
  expect(httpStatus(name)).toBe(status);
});
