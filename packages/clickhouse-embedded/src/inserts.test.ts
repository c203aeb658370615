import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openTemporaryServer, type TemporaryServer } from './temporary-server.ts';

let server: TemporaryServer;

beforeAll(async () => {
  server = await openTemporaryServer();
});

afterAll(() => server.remove());

beforeEach(async () => {
  await server.ask('DROP TABLE IF EXISTS t');
  const created = await server.ask(`CREATE TABLE t (a UInt32, s String) ENGINE = MergeTree ORDER BY a
    SETTINGS non_replicated_deduplication_window = 100, fsync_after_insert = 1, fsync_part_directory = 1`);
  expect(created.status).toBe(200);
});

const rows = async (): Promise<string> =>
  (await server.ask('SELECT a, s FROM t ORDER BY a, s FORMAT TSV')).text;

/** One RowBinary row of t. */
function row(a: number, s: Uint8Array): Buffer {
  const key = Buffer.alloc(4);
  key.writeUInt32LE(a);
  expect(s.length).toBeLessThan(0x4000);
  const length = s.length < 0x80 ? [s.length] : [(s.length & 0x7f) | 0x80, s.length >> 7];
  return Buffer.concat([key, Buffer.from(length), s]);
}

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

test.each([
  [
    'statement and rows in the body',
    undefined,
    'INSERT INTO t FORMAT JSONEachRow\n{"a":1,"s":"x"}\n{"a":2,"s":"y"}',
  ],
  [
    "rows on the statement's line",
    undefined,
    'INSERT INTO t FORMAT JSONEachRow {"a":1,"s":"x"} {"a":2,"s":"y"}',
  ],
  ['VALUES', undefined, "INSERT INTO t (a, s) VALUES (1, 'x'), (2, lower('Y'))"],
  ['VALUES over lines with a comment', undefined, "/* rows; */ INSERT INTO t VALUES\n(1, 'x'),\n(2, 'y');\n"],
  ['no closing line break', undefined, 'INSERT INTO t FORMAT TSV\n1\tx\n2\ty'],
  [
    'settings before the format',
    undefined,
    'INSERT INTO t SETTINGS async_insert = 0 FORMAT TSV\n1\tx\n2\ty\n',
  ],
  [
    'settings after the format',
    undefined,
    "INSERT INTO t FORMAT CSV SETTINGS format_csv_delimiter = '|'\n1|x\n2|y\n",
  ],
  ['statement in the URL', 'INSERT INTO t FORMAT CSV', '1,x\n2,y\n'],
  ['statement in the URL, with a line break', 'INSERT INTO t FORMAT CSV\n', '1,x\n2,y\n'],
  ['format by default', 'INSERT INTO t (a, s)', '1\tx\n2\ty\n'],
  ['all in the URL', "INSERT INTO t VALUES (1, 'x'), (2, 'y')", ''],
  ['from a query', undefined, "INSERT INTO t SELECT number + 1, ['x', 'y'][number + 1] FROM numbers(2)"],
  ['a table named by a parameter', 'INSERT INTO {t:Identifier} FORMAT CSV', '1,x\n2,y\n'],
])('%s', async (_, query, body) => {
  const url = { param_t: 't', ...(query === undefined ? {} : { query }) };
  const reply = await server.ask(body, { url });
  expect(reply.text).toBe('');
  expect(reply.status).toBe(200);
  expect(await rows()).toBe('1\tx\n2\ty\n');
});

test('keeps every byte of binary rows, in and out', async () => {
  const body = Buffer.concat([
    row(1, everyByte),
    row(2, Buffer.from('\n\n\r\n')),
    row(3, Buffer.from([0xff, 0xfe])),
  ]);
  const reply = await server.ask(body, { url: { query: 'INSERT INTO t FORMAT RowBinary' } });
  expect(reply.status).toBe(200);
  expect(JSON.parse(reply.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '3' });
  const read = await server.ask('SELECT * FROM t ORDER BY a FORMAT RowBinary');
  expect(read.bytes.equals(body)).toBe(true);
});

test.each([
  ['in the body', Buffer.from('INSERT INTO t FORMAT RowBinary\n'), undefined],
  ['in the URL', Buffer.alloc(0), 'INSERT INTO t FORMAT RowBinary'],
])('keeps rows that begin with blanks and line breaks, statement %s', async (_, statement, query) => {
  const blanks = Buffer.concat([Buffer.from([0x20, 0x0a, 0x0d, 0x09, 1]), Buffer.from('\n')]);
  await server.ask(Buffer.concat([statement, blanks]), query === undefined ? {} : { url: { query } });
  const read = await server.ask('SELECT * FROM t FORMAT RowBinary');
  expect(read.bytes.equals(blanks)).toBe(true);
});

test.each(['Native', 'RowBinaryWithNamesAndTypes'])('takes back what it gave as %s', async (format) => {
  await server.ask(Buffer.concat([row(7, everyByte)]), { url: { query: 'INSERT INTO t FORMAT RowBinary' } });
  const given = await server.ask(`SELECT * FROM t FORMAT ${format}`);
  await server.ask('TRUNCATE TABLE t');
  expect((await server.ask(given.bytes, { url: { query: `INSERT INTO t FORMAT ${format}` } })).status).toBe(
    200,
  );
  const again = await server.ask(`SELECT * FROM t FORMAT ${format}`);
  expect(again.bytes.equals(given.bytes)).toBe(true);
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
])('unpacks %s', async (encoding, pack) => {
  const body = pack(Buffer.from('1\tx\n2\ty\n'));
  const headers = { 'content-encoding': encoding };
  const reply = await server.ask(body, { url: { query: 'INSERT INTO t FORMAT TSV' }, headers });
  expect(reply.text).toBe('');
  expect(await rows()).toBe('1\tx\n2\ty\n');
});

test('inserts nothing from a damaged or unknown encoding', async () => {
  const packed = gzipSync(Buffer.from('1\tx\n'.repeat(1000)));
  const url = { query: 'INSERT INTO t FORMAT TSV' };
  const cut = await server.ask(packed.subarray(0, packed.length - 9), {
    url,
    headers: { 'content-encoding': 'gzip' },
  });
  expect([cut.status, cut.headers.get('x-clickhouse-exception-code')]).toEqual([500, '354']);
  const unknown = await server.ask(packed, { url, headers: { 'content-encoding': 'lz5' } });
  expect([unknown.status, unknown.headers.get('x-clickhouse-exception-code')]).toEqual([501, '48']);
  expect(await rows()).toBe('');
});

test('drops a batch that comes again with its token', async () => {
  const insert = (token: string, body: string) =>
    server.ask(body, { url: { query: 'INSERT INTO t FORMAT TSV', insert_deduplication_token: token } });
  await insert('one', '1\tx\n');
  await insert('one', '1\tx\n');
  await insert('two', '1\tx\n');
  const inline = "INSERT INTO t SETTINGS insert_deduplication_token = 'two' FORMAT TSV\n1\tx\n";
  expect((await server.ask(inline)).status).toBe(200);
  expect(await rows()).toBe('1\tx\n1\tx\n');
});

test('inserts all of a large body or nothing, and leaves no file behind', async () => {
  const lines = Array.from({ length: 300_000 }, (_, index) => `${index}\tvalue ${index}\n`);
  const url = { query: 'INSERT INTO t FORMAT TSV' };
  expect((await server.ask(lines.join(''), { url })).status).toBe(200);
  lines[299_999] = 'no number\tx\n';
  const bad = await server.ask(lines.join(''), { url });
  expect(bad.status).toBe(400);
  expect(bad.text).toContain('in the body of the request');
  expect(bad.text).not.toContain(server.dataDir);
  expect((await server.ask('SELECT count() FROM t')).text).toBe('300000\n');
  expect(readdirSync(join(server.dataDir, 'spool'))).toEqual([]);
});

test('an empty body inserts nothing', async () => {
  expect((await server.ask('', { url: { query: 'INSERT INTO t FORMAT JSONEachRow' } })).status).toBe(200);
  expect(await rows()).toBe('');
});

test('a refused insert is answered, and its connection still serves', async () => {
  const body = '1\tx\n'.repeat(2_000_000);
  for (const query of [
    "INSERT INTO FUNCTION file('x') FORMAT TSV",
    'INSERT INTO t FORMAT TSV SETTINGS nosetting = 1',
  ]) {
    const refused = await server.ask(body, { url: { query } });
    expect([query, refused.status]).toEqual([query, query.includes('file') ? 403 : 404]);
  }
  expect(await rows()).toBe('');
});

test('a body that is cut off inserts nothing', async () => {
  const sent = request(`${server.url}/?query=INSERT+INTO+t+FORMAT+TSV`, {
    method: 'POST',
    headers: { 'content-length': 1e6 },
  });
  sent.on('error', () => undefined);
  sent.write('1\tx\n'.repeat(1000));
  await new Promise((resolve) => setTimeout(resolve, 100));
  sent.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await rows()).toBe('');
  expect(readdirSync(join(server.dataDir, 'spool'))).toEqual([]);
});

test('a body larger than allowed is refused', async () => {
  const small = await openTemporaryServer({ maxBodyBytes: 100_000 });
  await small.ask('CREATE TABLE t (a UInt32) ENGINE = Memory');
  const url = { query: 'INSERT INTO t FORMAT TSV' };
  const plain = await small.ask('1\n'.repeat(60_000), { url });
  const packed = await small.ask(gzipSync('1\n'.repeat(60_000)), {
    url,
    headers: { 'content-encoding': 'gzip' },
  });
  expect([plain.status, packed.status]).toEqual([500, 500]);
  expect(packed.text).toContain('exceeds 100000 bytes');
  expect((await small.ask('SELECT count() FROM t')).text).toBe('0\n');
  await small.remove();
});
