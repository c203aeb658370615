import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatementScanner } from './statement-scanner.ts';

const scanner = new StatementScanner();

const scan = (text: string) => {
  const bytes = Buffer.from(`##${text}##`);
  scanner.scan(bytes, 2, bytes.length - 2);
  return {
    operation: bytes.toString('utf8', scanner.operationStart, scanner.operationEnd),
    collection: bytes.toString('utf8', scanner.collectionStart, scanner.collectionEnd),
    fingerprint: `${scanner.hashHigh}.${scanner.hashLow}`,
  };
};

describe('verb and collection', () => {
  it.each([
    ['UPDATE accounts SET x = 1', 'UPDATE', 'accounts'],
    ['update only bank.accounts set x = 1', 'update', 'bank.accounts'],
    ['  /* who */ -- why\n DELETE FROM "Ledger"."Lines" WHERE 1=1', 'DELETE', '"Ledger"."Lines"'],
    ['INSERT INTO charges (a) VALUES (1)', 'INSERT', 'charges'],
    ['SELECT a, b FROM t JOIN u ON t.id = u.id', 'SELECT', 't'],
    ['SELECT * FROM (SELECT 1 FROM inner_t) x', 'SELECT', 'inner_t'],
    ['CREATE TABLE IF NOT EXISTS `my db`.t (id int)', 'CREATE', '`my db`.t'],
    ['TRUNCATE TABLE logs', 'TRUNCATE', 'logs'],
    ['COPY orders FROM STDIN', 'COPY', 'orders'],
    ['SELECT 1', 'SELECT', ''],
    ["SELECT 'from nowhere'", 'SELECT', ''],
    ['BEGIN', 'BEGIN', ''],
    ['', '', ''],
    ['(SELECT x FROM y)', 'SELECT', 'y'],
    ['DROP TABLE tëst', 'DROP', 'tëst'],
  ])('%s', (text, operation, collection) => {
    expect(scan(text)).toMatchObject({ operation, collection });
  });
});

describe('fingerprint', () => {
  const same = (...texts: string[]) =>
    expect(new Set(texts.map((text) => scan(text).fingerprint)).size).toBe(1);
  const differ = (...texts: string[]) =>
    expect(new Set(texts.map((text) => scan(text).fingerprint)).size).toBe(texts.length);

  it('is blind to literals, parameters, comments, layout and letter case', () => {
    same(
      "SELECT * FROM t WHERE a = 'x'",
      "select  *\nfrom T where a='it''s'",
      'SELECT * FROM t WHERE a = 42',
      'SELECT * FROM t WHERE a = 0x1F',
      'SELECT * FROM t WHERE a = 1.5e10',
      'SELECT * FROM t WHERE a = $1',
      'SELECT * FROM t WHERE a = ?',
      'SELECT * FROM t WHERE a = :name',
      'SELECT * FROM t WHERE a = $tag$ anything $$ here $tag$',
      "SELECT * FROM t WHERE a = 1 /*traceparent='00-ab-cd-01',tracestate='whence%3Dx'*/",
      'SELECT * FROM t WHERE a = 1; ',
      'SELECT * FROM t /* nested /* comment */ */ WHERE a = 1 -- end',
    );
  });

  it('is the same for lists of any length', () => {
    same(
      'SELECT 1 FROM t WHERE a IN (1)',
      'SELECT 1 FROM t WHERE a IN (1, 2, 3)',
      "SELECT 1 FROM t WHERE a IN ('x','y')",
    );
  });

  it('tells different statements apart', () => {
    differ(
      'SELECT a FROM t',
      'SELECT b FROM t',
      'SELECT a FROM u',
      'SELECT a FROM t WHERE a = 1',
      'SELECT a FROM t WHERE a > 1',
      'UPDATE t SET a = 1',
      'UPDATE t SET a = 1, b = 2',
      'UPDATE t SET ab = 1',
      'SELECT "A" FROM t',
      'SELECT a::text FROM t',
    );
  });

  it('is never zero', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(scan(text).fingerprint).not.toBe('0.0');
      }),
    );
  });

  it('never looks at what stands around the statement', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), (text, before, after) => {
        scanner.scan(Buffer.from(text), 0, text.length);
        const alone = [scanner.hashLow, scanner.hashHigh, scanner.operationEnd - scanner.operationStart];
        const within = Buffer.concat([before, text, after]);
        scanner.scan(within, before.length, before.length + text.length);
        const inside = [scanner.hashLow, scanner.hashHigh, scanner.operationEnd - scanner.operationStart];
        expect(inside).toEqual(alone);
      }),
    );
  });

  it('takes time in proportion to the statement, whatever it is', () => {
    for (const piece of ["'", '/*', '$a$', '"', '$', '--', '(', '1', '.', 'a.']) {
      const bytes = Buffer.from(piece.repeat(200_000));
      const began = performance.now();
      scanner.scan(bytes, 0, bytes.length);
      expect(performance.now() - began, piece).toBeLessThan(5_000);
    }
  });
});
