import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedClickHouse, startEmbedded } from './index.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'embedded-client-'));
let server: EmbeddedClickHouse;
let client: ClickHouseClient;

beforeAll(async () => {
  server = await startEmbedded({ dataDir });
  client = createClient({ url: server.url });
  await client.command({ query: 'CREATE TABLE t (a UInt32, s String) ENGINE = MergeTree ORDER BY a' });
});

afterAll(async () => {
  await client.close();
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function read(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('the official client', () => {
  test('pings, both ways', async () => {
    expect(await client.ping()).toEqual({ success: true });
    expect(await client.ping({ select: true })).toEqual({ success: true });
  });

  test('inserts rows and reads them back', async () => {
    const inserted = await client.insert({
      table: 't',
      values: [
        { a: 1, s: 'one' },
        { a: 2, s: 'zwei ü "quoted" \n line' },
      ],
      format: 'JSONEachRow',
    });
    expect(inserted.summary?.written_rows).toBe('2');
    const result = await client.query({
      query: 'SELECT * FROM t WHERE a < 10 ORDER BY a',
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([
      { a: 1, s: 'one' },
      { a: 2, s: 'zwei ü "quoted" \n line' },
    ]);
  });

  test('reads a JSON document', async () => {
    const result = await client.query({ query: 'SELECT number FROM numbers(3)' });
    const { data, rows } = await result.json<{ number: number }>();
    expect(data.map((row) => Number(row.number))).toEqual([0, 1, 2]);
    expect(rows).toBe(3);
  });

  test('writes and reads binary rows as they are', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const key = Buffer.alloc(4);
    key.writeUInt32LE(1000);
    const row = Buffer.concat([key, Buffer.from([0x80, 0x02]), every]);
    const written = await client.exec({
      query: 'INSERT INTO t (a, s) FORMAT RowBinary',
      values: Readable.from([row], { objectMode: false }),
    });
    await read(written.stream);
    const { stream } = await client.exec({ query: 'SELECT a, s FROM t WHERE a = 1000 FORMAT RowBinary' });
    expect((await read(stream)).equals(row)).toBe(true);
  });

  test('binds parameters, whatever is in them', async () => {
    const text = 'it\'s a "test" \\ with \t tab\nline {x:String} -- and ü';
    const result = await client.query({
      query:
        'SELECT {n:UInt32} * 2 AS n, {s:String} AS s, {list:Array(String)} AS list, {t:Identifier}.a AS a FROM t LIMIT 1',
      query_params: { n: 21, s: text, list: ["a'b", 'c,d'], t: 't' },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ n: 42, s: text, list: ["a'b", 'c,d'], a: 1 }]);
  });

  test('passes settings, for that statement only', async () => {
    const ask = (clickhouse_settings = {}) =>
      client
        .query({
          query: "SELECT getSetting('max_block_size') AS v",
          format: 'JSONEachRow',
          clickhouse_settings,
        })
        .then((result) => result.json<{ v: number }>());
    expect(await ask({ max_block_size: '1234' })).toEqual([{ v: 1234 }]);
    expect(await ask()).not.toEqual([{ v: 1234 }]);
  });

  test('sends long parameters as a form', async () => {
    const list = Array.from({ length: 50_000 }, (_, index) => `line\n${index} 'ü' \r\n`);
    const result = await client.query({
      query: 'SELECT length({list:Array(String)}) AS n, {list:Array(String)}[7] AS seventh',
      query_params: { list },
      format: 'JSONEachRow',
      use_multipart_params: true,
    });
    expect(await result.json()).toEqual([{ n: 50_000, seventh: list[6] }]);
  });
});
