import { describe, expect, test } from 'vitest';
import { readQuery } from './query-statement.ts';

test.each([
  ['SELECT 1', 'select'],
  ['(SELECT 1) UNION ALL (SELECT 2)', 'select'],
  ['FROM t SELECT a', 'select'],
  ['WITH x AS (SELECT 1) SELECT * FROM x', 'select'],
  ['WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x', 'insert-select'],
  ['/* SELECT */ show tables', 'describe'],
  ['DESC t', 'describe'],
  ['EXPLAIN INSERT INTO t SELECT 1', 'describe'],
  ['INSERT INTO t SELECT 1', 'insert-select'],
  ['KILL QUERY WHERE 1', 'kill'],
  ['SET a = 1', 'session'],
  ['ALTER TABLE t DELETE WHERE 1', 'change'],
  ['nonsense', 'change'],
  ["'SELECT'", 'change'],
])('%s is a %s', (sql, kind) => {
  expect(readQuery(sql).kind).toBe(kind);
});

describe('the FORMAT clause', () => {
  test.each([
    ['SELECT 1 FORMAT CSV', 'CSV'],
    ['SELECT 1 format `CSV`; -- end', 'CSV'],
    ['SELECT 1 FORMAT CSV SETTINGS max_threads = 1', 'CSV'],
    ['SELECT 1 SETTINGS max_threads = 1', undefined],
    ['SELECT format FROM t', undefined],
    ['SELECT format x FROM t', undefined],
    ["SELECT 'FORMAT CSV'", undefined],
    ['SELECT * FROM (SELECT 1) FORMAT Null', 'Null'],
    ['FORMAT', undefined],
  ])('%s', (sql, name) => {
    const { format, text } = readQuery(sql);
    expect(format?.name).toBe(name);
    if (format) expect(text.slice(format.start, format.start + 6).toUpperCase()).toBe('FORMAT');
  });
});

test('closing semicolons and comments are taken off, a second statement is refused', () => {
  expect(readQuery(' SELECT 1 ;; -- x').text).toBe(' SELECT 1');
  expect(readQuery("SELECT ';' /* ; */").text).toBe("SELECT ';'");
  expect(() => readQuery('SELECT 1; DROP TABLE t')).toThrow(
    expect.objectContaining({ codeName: 'SYNTAX_ERROR' }),
  );
  for (const empty of ['', ' ', ';', '-- x', '/* x */']) {
    expect(() => readQuery(empty)).toThrow(expect.objectContaining({ codeName: 'SYNTAX_ERROR' }));
  }
});

test('what never closes is left to the engine to complain about, entire', () => {
  expect(readQuery("SELECT 'a; b").text).toBe("SELECT 'a; b");
});
