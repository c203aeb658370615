import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTemporaryServer, type TemporaryServer } from './temporary-server.ts';

let server: TemporaryServer;

beforeAll(async () => {
  server = await openTemporaryServer();
  await server.ask('CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a');
});

afterAll(() => server.remove());

describe("errors have ClickHouse's code, text and HTTP status", () => {
  test.each([
    ['SELECT * FROM nowhere', 404, 60, 'UNKNOWN_TABLE'],
    ['SELECT * FROM nowhere FORMAT JSON', 404, 60, 'UNKNOWN_TABLE'],
    ['INSERT INTO nowhere FORMAT CSV\n1\n', 404, 60, 'UNKNOWN_TABLE'],
    ['DROP TABLE nowhere', 404, 60, 'UNKNOWN_TABLE'],
    ['SELECT nowhere FROM t', 404, 47, 'UNKNOWN_IDENTIFIER'],
    ['SELECT nofunction(1)', 404, 46, 'UNKNOWN_FUNCTION'],
    ['SELECT 1 FORMAT NoFormat', 404, 73, 'UNKNOWN_FORMAT'],
    ['INSERT INTO t FORMAT NoFormat\n1', 404, 73, 'UNKNOWN_FORMAT'],
    ['SELECT 1 SETTINGS nosetting = 1', 404, 115, 'UNKNOWN_SETTING'],
    ['SHOW TABLES FROM nowhere', 404, 81, 'UNKNOWN_DATABASE'],
    ['SELEC 1', 400, 62, 'SYNTAX_ERROR'],
    ['1 + 1', 400, 62, 'SYNTAX_ERROR'],
    ["SELECT 'open", 400, 62, 'SYNTAX_ERROR'],
    ['', 400, 62, 'SYNTAX_ERROR'],
    ['-- nothing', 400, 62, 'SYNTAX_ERROR'],
    ['SELECT 1; SELECT 2', 400, 62, 'SYNTAX_ERROR'],
    ["SELECT toDate('x')", 400, 38, 'CANNOT_PARSE_DATE'],
    ['INSERT INTO t FORMAT TSV\nx\n', 400, 27, 'CANNOT_PARSE_INPUT_ASSERTION_FAILED'],
    ['SELECT {n:UInt8}', 500, 456, 'UNKNOWN_QUERY_PARAMETER'],
    ['SELECT sleep(2) SETTINGS max_execution_time = 0.2', 408, 159, 'TIMEOUT_EXCEEDED'],
    ['SELECT throwIf(1)', 500, 395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
    ['CREATE TABLE t (a UInt32) ENGINE = Memory', 500, 57, 'TABLE_ALREADY_EXISTS'],
  ])('%s', async (sql, status, code, name) => {
    const reply = await server.ask(sql);
    expect([reply.status, reply.headers.get('x-clickhouse-exception-code')]).toEqual([status, String(code)]);
    expect(reply.text).toMatch(
      new RegExp(`^Code: ${code}\\. DB::Exception: [^]*\\(${name}\\) \\(version [\\d.]+\\)\\n$`),
    );
    expect(reply.text.match(/DB::Exception/g)).toHaveLength(1);
  });

  test.each([
    [{ session_id: 'x' }, 501, 48, 'HTTP sessions are not supported'],
    [{ compress: '1' }, 501, 48, 'not supported'],
    [{ role: 'x' }, 404, 511, 'no roles'],
    [{ nosetting: '1' }, 404, 115, "Unknown setting 'nosetting'"],
    [{ 'no-name; DROP TABLE t': '1' }, 404, 115, 'Unknown setting'],
    [{ max_threads: 'x' }, 400, 27, 'Cannot parse'],
    [{ database: 'nowhere' }, 404, 81, 'nowhere'],
    [{ param_n: 'x' }, 500, 457, 'BAD_QUERY_PARAMETER'],
  ])('?%o', async (url, status, code, text) => {
    const reply = await server.ask('SELECT {n:UInt8}', {
      url: { param_n: '1', ...(url as Record<string, string>) },
    });
    expect([reply.status, reply.headers.get('x-clickhouse-exception-code')]).toEqual([status, String(code)]);
    expect(reply.text).toContain(text);
  });
});

test('a GET only reads', async () => {
  const get = (query: string) => server.ask('', { method: 'GET', url: { query } });
  expect((await get('SELECT 1')).text).toBe('1\n');
  expect((await get('SHOW TABLES')).text).toBe('t\n');
  for (const query of [
    'DROP TABLE t',
    'INSERT INTO t VALUES (1)',
    'INSERT INTO t SELECT 1',
    'SYSTEM FLUSH LOGS',
  ]) {
    const reply = await get(query);
    expect([query, reply.status, reply.headers.get('x-clickhouse-exception-code')]).toEqual([
      query,
      500,
      '164',
    ]);
  }
});

test('bytes that are no UTF-8 are refused in a statement, never replaced', async () => {
  const reply = await server.ask(Buffer.from("SELECT '\xff'", 'latin1'));
  expect([reply.status, reply.text]).toEqual([400, expect.stringContaining('not valid UTF-8')]);
});

test('what balancers ask', async () => {
  for (const path of ['/ping', '/replicas_status', '/']) {
    const response = await fetch(server.url + path);
    expect([path, response.status, await response.text()]).toEqual([path, 200, 'Ok.\n']);
  }
  expect((await fetch(`${server.url}/nowhere`)).status).toBe(404);
});

test('answers carry the headers clients look at', async () => {
  const reply = await server.ask('SELECT 1 FORMAT CSV', { url: { query_id: 'mine' } });
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    'x-clickhouse-query-id': 'mine',
    'x-clickhouse-format': 'CSV',
    'x-clickhouse-timezone': expect.stringMatching(/./),
    'x-clickhouse-server-display-name': expect.stringMatching(/./),
    'x-clickhouse-exception-tag': expect.stringMatching(/^\w{16}$/),
    'x-clickhouse-summary': expect.stringContaining('"read_rows"'),
    'content-type': 'text/csv; charset=UTF-8; header=absent',
  });
});

test('settings, USE and parameters stay with their statement', async () => {
  await server.ask('CREATE DATABASE other');
  await server.ask('USE other', { url: { database: 'other' } });
  await server.ask('SET max_block_size = 77');
  await server.ask('SELECT {p:UInt8}', { url: { param_p: '1', max_block_size: '78', readonly: '1' } });
  const asked = await Promise.all(
    Array.from({ length: 20 }, () =>
      server.ask("SELECT currentDatabase(), getSetting('max_block_size') < 100"),
    ),
  );
  expect(new Set(asked.map((reply) => reply.text))).toEqual(new Set(['default\t0\n']));
  expect((await server.ask('SELECT {p:UInt8}')).status).toBe(500);
  expect((await server.ask('SELECT currentDatabase()', { url: { database: 'other' } })).text).toBe('other\n');
});

test('readonly=1 is obeyed', async () => {
  const reply = await server.ask('CREATE TABLE x (a UInt8) ENGINE = Memory', { url: { readonly: '1' } });
  expect([reply.status, reply.headers.get('x-clickhouse-exception-code')]).toEqual([500, '164']);
});
