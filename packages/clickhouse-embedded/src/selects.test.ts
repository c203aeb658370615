import { once } from 'node:events';
import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTemporaryServer, type TemporaryServer } from './temporary-server.ts';

/** Failures that a test provokes need not be printed. */
const quiet = { log: { level: ClickHouseLogLevel.OFF } };
let server: TemporaryServer;

beforeAll(async () => {
  server = await openTemporaryServer({ readers: 4, writers: 2 });
  await server.ask('CREATE TABLE t (a UInt32, s String) ENGINE = MergeTree ORDER BY a');
  await server.ask('INSERT INTO t SELECT number, toString(number) FROM numbers(1000)');
});

afterAll(() => server.remove());

const until = async (condition: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 100) throw new Error('never came true');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const runningIds = async (): Promise<string> =>
  (await server.ask("SELECT query_id FROM system.processes WHERE query_id NOT LIKE '%-%-%'")).text;

describe('results of many blocks', () => {
  const many =
    'SELECT number AS n, toString(number) AS s FROM numbers(200000) SETTINGS max_block_size = 1000';

  test.each([
    'TSV',
    'TSVWithNames',
    'TSVWithNamesAndTypes',
    'CSV',
    'CSVWithNames',
    'JSONEachRow',
    'JSONCompactEachRow',
    'JSONCompactEachRowWithNamesAndTypes',
    'RowBinary',
    'RowBinaryWithNames',
    'RowBinaryWithNamesAndTypes',
    'JSON',
    'JSONCompact',
    'Values',
    'Markdown',
  ])('%s is the same, streamed or whole', async (format) => {
    const steady = (reply: { bytes: Buffer }) =>
      reply.bytes.toString('latin1').replace(/"elapsed": [\d.e-]+/, '');
    const streamed = await server.ask(`${many} FORMAT ${format}`);
    const whole = await server.ask(many, { url: { default_format: format, wait_end_of_query: '1' } });
    expect(streamed.status).toBe(200);
    expect(streamed.bytes.length).toBeGreaterThan(200_000);
    expect(steady(streamed) === steady(whole)).toBe(true);
  });

  test('the header stands alone when there are no rows', async () => {
    expect((await server.ask('SELECT 1 AS "a,\nb" WHERE 0 FORMAT CSVWithNames')).text).toBe('"a,\nb"\n');
    expect((await server.ask('SELECT 1 AS a WHERE 0 FORMAT JSONEachRow')).text).toBe('');
    expect((await server.ask('SELECT 1 AS a WHERE 0 FORMAT Native')).status).toBe(200);
  });

  test('a line break in a name is part of the header', async () => {
    const sql = 'SELECT number AS "a\nb" FROM numbers(3) SETTINGS max_block_size = 1 FORMAT CSVWithNames';
    expect((await server.ask(sql)).text).toBe('"a\nb"\n0\n1\n2\n');
  });

  test('totals are not lost', async () => {
    const sql =
      'SELECT number % 2 AS k, count() FROM numbers(10) GROUP BY k WITH TOTALS ORDER BY k FORMAT CSV';
    expect((await server.ask(sql)).text).toBe('0,5\n1,5\n\n0,10\n');
  });

  test('a union, a comment at the end, a parenthesis', async () => {
    expect(
      (await server.ask('SELECT 1 UNION ALL SELECT 1 -- end', { url: { default_format: 'JSONCompact' } }))
        .text,
    ).toContain('"rows": 2');
    expect((await server.ask('(SELECT 1) FORMAT JSONCompact;')).text).toContain('"rows": 1');
    expect((await server.ask('WITH 1 AS x SELECT x')).text).toBe('1\n');
  });
});

test('answers are compressed when asked for, and only then', async () => {
  const raw = (url: string, accept: string) =>
    new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
      const sent = request(`${server.url}/?${url}`, {
        method: 'POST',
        headers: { 'accept-encoding': accept },
      });
      sent.on('error', reject).on('response', async (response) => {
        const pieces = await response.toArray();
        resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(pieces) });
      });
      sent.end('SELECT number FROM numbers(100000)');
    });
  const plain = await raw('', 'gzip');
  expect(plain.encoding).toBeUndefined();
  const packed = await raw('enable_http_compression=1', 'br;q=0.5, gzip');
  expect(packed.encoding).toBe('gzip');
  expect(packed.body.length).toBeLessThan(plain.body.length / 2);
  expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
  const client = createClient({ ...quiet, url: server.url, compression: { request: true, response: true } });
  const result = await client.query({
    query: 'SELECT sum(number) AS n FROM numbers(10)',
    format: 'JSONEachRow',
  });
  expect(await result.json()).toEqual([{ n: 45 }]);
  await client.close();
});

describe('a failure after the first bytes', () => {
  const failing =
    'SELECT number, throwIf(number = 900000) FROM numbers(1000000) SETTINGS max_block_size = 10000';

  test('is told in the body, marked, before the connection is cut', async () => {
    const sent = request(`${server.url}/`, { method: 'POST' });
    sent.end(`${failing} FORMAT TSV`);
    const [response] = await once(sent, 'response');
    const pieces: Buffer[] = [];
    const cut = new Promise((resolve) => response.once('error', resolve));
    response.on('data', (piece: Buffer) => pieces.push(piece));
    expect(await cut).toMatchObject({ code: 'ECONNRESET' });
    const tag = response.headers['x-clickhouse-exception-tag'];
    const [, message = '', length] =
      new RegExp(`\r\n__exception__\r\n${tag}\r\n([\\s\\S]+)\n(\\d+) ${tag}\r\n__exception__\r\n$`).exec(
        Buffer.concat(pieces).toString(),
      ) ?? [];
    expect(message).toMatch(/^Code: 395\. DB::Exception: /);
    expect(Number(length)).toBe(Buffer.byteLength(message) + 1);
  });

  test.each([false, true])('reaches the official client (compressed: %s)', async (response) => {
    const client = createClient({ ...quiet, url: server.url, compression: { response } });
    const read = async () => {
      const result = await client.query({ query: failing, format: 'JSONEachRow' });
      for await (const _ of result.stream());
    };
    const error = await read().catch((thrown: unknown) => thrown);
    expect(['395', 'ECONNRESET']).toContain((error as { code: string }).code);
    await client.close();
  });

  test.each(['0', '1'])(
    'cuts the connection, for clients that do not know the marker (compressed: %s)',
    async (on) => {
      await expect(
        server.ask(`${failing} FORMAT TSV`, { url: { enable_http_compression: on } }),
      ).rejects.toThrow();
    },
  );

  test('never comes after a 200 when the answer is awaited whole', async () => {
    const reply = await server.ask(`${failing} FORMAT TSV`, { url: { wait_end_of_query: '1' } });
    expect([reply.status, reply.headers.get('x-clickhouse-exception-code')]).toEqual([500, '395']);
  });
});

test.each(['TSV', 'JSON'])('a small result that fails has its own status: %s', async (format) => {
  const reply = await server.ask(
    `SELECT number, throwIf(number = 2) FROM numbers(5) SETTINGS max_block_size = 1 FORMAT ${format}`,
  );
  expect([reply.status, reply.headers.get('x-clickhouse-exception-code')]).toEqual([500, '395']);
});

describe('the id a client gives', () => {
  const slow = 'SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))';

  test('is seen among the running, refused to a second, and kills', async () => {
    const asked = server.ask(slow, { url: { query_id: 'mine' } });
    await until(async () => (await runningIds()).includes('mine'));
    const second = await server.ask('SELECT 1', { url: { query_id: 'mine' } });
    expect(second.headers.get('x-clickhouse-exception-code')).toBe('216');
    const killed = await server.ask("KILL QUERY WHERE query_id = 'mine' SYNC");
    expect(killed.text).toContain('waiting');
    expect((await asked).headers.get('x-clickhouse-exception-code')).toBe('394');
  });

  test.each(['TSV', 'JSON'])('ends with its client: %s', async (format) => {
    const leaving = new AbortController();
    const client = createClient({ ...quiet, url: server.url });
    const asked = client.query({
      query: slow,
      query_id: 'leaving',
      format: format as 'JSON',
      abort_signal: leaving.signal,
    });
    await until(async () => (await runningIds()).includes('leaving'));
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await until(async () => !(await runningIds()).includes('leaving'));
    await client.close();
  });

  test('a reader that stops in the middle stops the statement', async () => {
    const sent = request(`${server.url}/?query_id=middle`, { method: 'POST' });
    sent.end(
      "SELECT number, repeat('x', 1000) FROM numbers(100000000) SETTINGS max_block_size = 1000 FORMAT TSV",
    );
    const [response] = await once(sent, 'response');
    response.on('error', () => undefined);
    await once(response, 'data');
    response.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await runningIds()).toContain('middle');
    sent.destroy();
    await until(async () => !(await runningIds()).includes('middle'));
  });
});

test('readers that leave give their sessions back', async () => {
  const leave = async (format: string, bytes: number): Promise<void> => {
    const sent = request(`${server.url}/`, { method: 'POST' });
    sent.end(`SELECT number, repeat('x', 100) FROM numbers(1000000) FORMAT ${format}`);
    const [response] = await once(sent, 'response');
    response.on('error', () => undefined);
    let read = 0;
    for await (const piece of response) {
      read += piece.length;
      if (read >= bytes) break;
    }
  };
  await Promise.all(
    Array.from({ length: 24 }, (_, index) => leave(index % 2 ? 'TSV' : 'JSON', index * 50_000)),
  );
  const asked = await Promise.all(Array.from({ length: 8 }, () => server.ask('SELECT 1')));
  expect(asked.map((reply) => reply.text)).toEqual(Array(8).fill('1\n'));
});

test('a statement that waits too long for a session is told so', async () => {
  const busy = await openTemporaryServer({ readers: 1, maxWaiting: 1, waitMillis: 200 });
  const slow = busy.ask('SELECT sleep(1.5)');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const replies = await Promise.all([busy.ask('SELECT 1'), busy.ask('SELECT 2')]);
  for (const reply of replies) {
    expect([reply.status, reply.headers.get('x-clickhouse-exception-code')]).toEqual([500, '202']);
  }
  expect(replies.map((reply) => reply.text).join()).toMatch(
    /none finished within 200 ms[\s\S]*as many waiting|as many waiting[\s\S]*none finished within 200 ms/,
  );
  expect((await slow).status).toBe(200);
  await busy.remove();
});

test('a question that is slow to plan holds up nothing either', async () => {
  const slow = server.ask('SELECT (SELECT sleep(2)), 1', { url: { query_id: 'planned' } });
  await until(async () => (await runningIds()).includes('planned'));
  const started = performance.now();
  expect((await server.ask('SELECT s FROM t WHERE a = 7')).text).toBe('7\n');
  expect(performance.now() - started).toBeLessThan(1_000);
  expect((await slow).text).toBe('0\t1\n');
});

test('slow questions hold up neither rows coming in nor a look-up', async () => {
  const slow = [1, 2, 3].map((id) =>
    server.ask(
      'SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number)) SETTINGS max_threads = 1',
      {
        url: { query_id: `slow${id}` },
      },
    ),
  );
  await until(async () => (await runningIds()).includes('slow3'));
  const started = performance.now();
  expect((await server.ask("INSERT INTO t VALUES (5000, 'x')")).status).toBe(200);
  expect((await server.ask('SELECT s FROM t WHERE a = 5000')).text).toBe('x\n');
  expect((await server.ask('CREATE TABLE u (a UInt8) ENGINE = Memory')).status).toBe(200);
  expect(performance.now() - started).toBeLessThan(5_000);
  await server.ask("KILL QUERY WHERE query_id LIKE 'slow%'");
  await Promise.all(slow);
});

test("clickhouse-go's first question is answered with revision 0", async () => {
  const reply = await server.ask('SELECT displayName(), version(), revision(), timezone()', {
    url: { default_format: 'Native', client_protocol_version: '54460' },
  });
  expect(reply.bytes.subarray(0, 10)).toEqual(Buffer.from([1, 0, 2, 255, 255, 255, 255, 0, 4, 1]));
  expect(reply.bytes.includes(Buffer.from('\x0arevision()\x06UInt32\0\0\0\0\0'))).toBe(true);
});
