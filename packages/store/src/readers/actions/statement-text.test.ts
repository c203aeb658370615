import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statementOf, withoutTraceComment } from './statement-text.ts';

describe('statement', () => {
  test.each([
    [{ 'whence.action.statement': 'send notify', 'db.query.text': 'SELECT 1' }, 'send notify'],
    [{ 'db.query.text': 'SELECT 1', 'db.statement': 'SELECT 2' }, 'SELECT 1'],
    [{ 'db.statement': 'SELECT 2' }, 'SELECT 2'],
    [{ 'process.command_line': 'node report.ts --all' }, 'node report.ts --all'],
    [{ 'http.request.method': 'POST', 'url.full': 'http://billing/charges' }, 'POST http://billing/charges'],
    [{ 'http.method': 'GET', 'http.target': '/charges' }, 'GET /charges'],
    [
      { 'http.request.method': 'GET', 'http.route': '/charges/{id}', 'url.path': '/charges/7' },
      'GET /charges/7',
    ],
    [{ 'http.request.method': 'GET' }, 'GET'],
    [{ 'rpc.method': 'fx.Rates/Convert' }, 'fx.Rates/Convert'],
    [{ 'rpc.service': 'fx.Rates', 'rpc.method': 'Convert' }, 'fx.Rates/Convert'],
    [{ 'messaging.operation.name': 'send', 'messaging.destination.name': 'notify' }, 'send notify'],
    [{ 'messaging.destination.name': 'notify' }, 'notify'],
  ])('%j', (attributes, statement) => {
    expect(statementOf(attributes as Record<string, string>)).toBe(statement);
  });

  test('none', () => {
    expect(statementOf({})).toBeUndefined();
    expect(statementOf({ 'db.query.text': '' })).toBeUndefined();
  });
});

describe('the comment in which the context travelled', () => {
  const parent = "traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'";
  test.each([
    [`UPDATE a SET b = 1 /*${parent}*/`, 'UPDATE a SET b = 1'],
    [`UPDATE a SET b = 1 /*${parent},tracestate='whence%3Dabc.k1.def'*/`, 'UPDATE a SET b = 1'],
    [`/*db_driver='pg',${parent}*/ SELECT 1`, 'SELECT 1'],
    [`SELECT 1 /* ${parent} */;`, 'SELECT 1 ;'],
    [`SELECT /*+ INDEX(a) */ 1 /*${parent}*/`, 'SELECT /*+ INDEX(a) */ 1'],
  ])('is not part of the command: %s', (sql, shown) => {
    expect(withoutTraceComment(sql)).toBe(shown);
  });

  test.each([
    'SELECT 1',
    'SELECT 1 /* by hand: traceparent */',
    "SELECT 1 /*controller='x'*/",
    `SELECT '/*' , "*/"`,
    `SELECT 1 /*${parent}`,
    `DELETE FROM a /*${parent}' OR 1=1 -- */`,
  ])('any other comment is: %s', (sql) => {
    expect(withoutTraceComment(sql)).toBe(sql);
  });

  test('no time is lost on a hostile text', () => {
    const hostile = `/*${"a='b',".repeat(50_000)}`;
    const began = performance.now();
    expect(withoutTraceComment(hostile)).toBe(hostile);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test('what is left is what was there before', () => {
    const sql = fc.string().filter((text) => !text.includes('*') && !text.includes('/'));
    fc.assert(fc.property(sql, (text) => withoutTraceComment(`${text}/*${parent}*/`) === text.trim()));
  });
});
