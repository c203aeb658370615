import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTemporaryServer, type TemporaryServer } from './temporary-server.ts';

const password = 'let me in: ü';
const headers = {
  'x-clickhouse-user': 'default',
  'x-clickhouse-key': Buffer.from(password).toString('latin1'),
};
let server: TemporaryServer;

beforeAll(async () => {
  server = await openTemporaryServer({ password });
  writeFileSync(join(server.dataDir, 'secret.csv'), 'a\n1\n');
});

afterAll(() => server.remove());

test('statements need the password, pings do not', async () => {
  const none = await server.ask('SELECT 1');
  expect([none.status, none.headers.get('x-clickhouse-exception-code')]).toEqual([401, '194']);
  expect(none.headers.get('www-authenticate')).toContain('Basic');
  const wrong = await server.ask('SELECT 1', { url: { user: 'default', password: 'x' } });
  expect([wrong.status, wrong.headers.get('x-clickhouse-exception-code')]).toEqual([403, '516']);
  expect(wrong.text).toContain('password is incorrect, or there is no user with such name');
  expect((await server.ask('SELECT 1', { url: { user: 'default', password } })).text).toBe('1\n');
  expect((await server.ask('SELECT 1', { headers })).text).toBe('1\n');
  expect((await fetch(`${server.url}/ping`)).status).toBe(200);
  const client = createClient({ url: server.url, username: 'default', password });
  expect(await client.ping({ select: true })).toEqual({ success: true });
  await client.close();
});

describe('statements reach nothing outside the store', () => {
  test.each([
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM FILE /* x */ ('/etc/passwd', 'LineAsString')",
    "SELECT * FROM `file`('/etc/passwd', 'LineAsString')",
    "SELECT * FROM `\\x66ile`('/etc/passwd', 'LineAsString')",
    "SELECT file('/etc/passwd')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM s3('http://127.0.0.1:1/x')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM executable('id', 'LineAsString', 'x String')",
    "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM filesystem('/etc')",
    "SELECT * FROM view(SELECT * FROM file('/etc/passwd', 'LineAsString'))",
    "CREATE VIEW v AS SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT 1 INTO OUTFILE '/tmp/clickhouse-embedded-out'",
    "SELECT 1 into/**/outfile '/tmp/clickhouse-embedded-out' FORMAT CSV",
    "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString",
    "INSERT INTO FUNCTION file('/tmp/clickhouse-embedded-out', 'CSV', 'a String') VALUES ('x')",
    "INSERT INTO TABLE FUNCTION file('/tmp/clickhouse-embedded-out', 'CSV', 'a String') SELECT 'x'",
    "CREATE TABLE x (a String) ENGINE = File(CSV, '/tmp/clickhouse-embedded-out')",
    "CREATE TABLE x (a String) ENGINE URL('http://127.0.0.1:1/', 'CSV')",
    "CREATE TABLE x (a String) ENGINE = `URL`('http://127.0.0.1:1/', 'CSV')",
    'CREATE TABLE x (a String) ENGINE = Kafka',
    "CREATE TABLE x (a String) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = 'local', path = '/tmp/x/')",
    "CREATE DATABASE x ENGINE = Filesystem('/etc')",
    "CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(FILE(path '/etc/passwd' format 'CSV')) LAYOUT(FLAT()) LIFETIME(0)",
    "CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(HTTP(url 'http://127.0.0.1:1/')) LAYOUT(FLAT()) LIFETIME(0)",
    "BACKUP TABLE t TO File('/tmp/clickhouse-embedded-out')",
    "SELECT 1 AS a FORMAT Template SETTINGS format_template_row = '/etc/passwd'",
    "SELECT 1 AS a FORMAT Protobuf SETTINGS max_threads = 1, Format_Schema = '/etc/passwd:M'",
    "SELECT 1 SETTINGS dialect = 'prql'",
    "INSERT INTO t SETTINGS input_format_record_errors_file_path = '/tmp/clickhouse-embedded-out' FORMAT CSV 1",
    "INSERT INTO t FORMAT CSV SETTINGS input_format_record_errors_file_path = '/tmp/clickhouse-embedded-out' 1",
    'SYSTEM SHUTDOWN',
    'SYSTEM KILL',
  ])('%s', async (sql) => {
    const reply = await server.ask(sql, { headers });
    expect([reply.status, reply.headers.get('x-clickhouse-exception-code')]).toEqual([403, '497']);
    expect(existsSync('/tmp/clickhouse-embedded-out')).toBe(false);
  });

  test.each(['`/etc/passwd`', "'/etc/passwd'", '"secret.csv"', 'default.`/etc/passwd`'])(
    '%s is no table',
    async (table) => {
      const reply = await server.ask(`SELECT * FROM ${table}`, { headers });
      expect([reply.status, reply.headers.get('x-clickhouse-exception-code')]).toEqual([404, '60']);
    },
  );

  test('nor do settings in the URL', async () => {
    const reply = await server.ask('SELECT 1 AS a FORMAT Template', {
      headers,
      url: { format_template_row: '/etc/passwd' },
    });
    expect([reply.status, reply.headers.get('x-clickhouse-exception-code')]).toEqual([403, '497']);
  });

  test('a name given as a parameter is a name', async () => {
    for (const name of ['/etc/passwd', "file('/etc/passwd')"]) {
      const reply = await server.ask('SELECT * FROM {t:Identifier}', { headers, url: { param_t: name } });
      expect(reply.headers.get('x-clickhouse-exception-code')).toBe('60');
    }
  });
});

describe('what only looks alike is allowed', () => {
  test.each([
    ["SELECT 'file(' AS file, 'INTO OUTFILE'", 'file(\tINTO OUTFILE\n'],
    ['SELECT count() FROM numbers(3)', '3\n'],
    ["SELECT count() > 0 FROM system.tables WHERE engine = 'File' OR engine LIKE 'System%'", '1\n'],
    ["SELECT sum(x) FROM values('x UInt8', 1, 2)", '3\n'],
    ['SELECT 1 AS remote', '1\n'],
    ['CREATE TABLE ok (file String, disk UInt8) ENGINE = ReplacingMergeTree ORDER BY file', ''],
    ["INSERT INTO ok VALUES ('file(x)', 1)", ''],
    ['CREATE MATERIALIZED VIEW mv ENGINE = MergeTree ORDER BY file AS SELECT file FROM ok', ''],
  ])('%s', async (sql, expected) => {
    const reply = await server.ask(sql, { headers });
    expect([reply.text, reply.status]).toEqual([expected, 200]);
  });
});

test('all is allowed when asked for', async () => {
  const open = await openTemporaryServer({ allowUnsafeSql: true });
  const reply = await open.ask(`SELECT * FROM file('${join(server.dataDir, 'secret.csv')}', 'CSVWithNames')`);
  expect(reply.text).toBe('1\n');
  await open.remove();
});
