import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTemporaryStore, type TemporaryStore } from './temporary-store.fixture.ts';

let temporary: TemporaryStore;
let dataDirectory: string;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  dataDirectory = await mkdtemp(join(tmpdir(), 'whence-query-'));
});

afterAll(async () => {
  await temporary?.remove();
  await rm(dataDirectory, { recursive: true, force: true });
});

const start = (env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      WHENCE_QUERY_DATA_DIR: dataDirectory,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (bytes: Buffer) => {
    errors += bytes;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }));
  return { child, ended, lines: createInterface({ input: child.stdout }) };
};

test('all faults at once, one line each', async () => {
  const { code, errors } = await start({ WHENCE_QUERY_PORT: 'x', LOG_LEVEL: 'loud' }).ended;
  expect(code).toBe(1);
  expect(errors.trim().split('\n')).toHaveLength(3);
});

test('an owners file with faults: every one of them, and no start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'whence-owners-'));
  const path = join(folder, 'owners.yaml');
  writeFileSync(path, 'principals: [{ match: [], team: x }, { match: a b, team: x }]');
  const { code, errors } = await start({ WHENCE_CLICKHOUSE_URL: temporary.url, WHENCE_OWNERS: path }).ended;
  rmSync(folder, { recursive: true });
  expect(code).toBe(1);
  expect(errors).toMatch(
    /owners\.yaml: 2 faults\n {2}principals\[0\]\.match: .*\n {2}principals\[1\]\.match\[0\]: /,
  );
});

test('a port in use, and a store that is not there: one line that names it', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const busy = await start({ WHENCE_CLICKHOUSE_URL: temporary.url, WHENCE_QUERY_PORT: String(port) }).ended;
  expect(busy).toEqual({ code: 1, errors: `cannot listen on 127.0.0.1:${port}: the port is in use\n` });

  taken.close();
  const nobody = await start({ WHENCE_CLICKHOUSE_URL: 'http://127.0.0.1:9', WHENCE_QUERY_PORT: '0' }).ended;
  expect(nobody.code).toBe(1);
  expect(nobody.errors).toMatch(/^ClickHouse at http:\/\/127\.0\.0\.1:9 does not answer: [^\n]*\n$/);
});

test('answers, and on SIGTERM finishes what it began', async () => {
  const { child, ended, lines } = start({ WHENCE_CLICKHOUSE_URL: temporary.url, WHENCE_QUERY_PORT: '0' });
  const [line] = (await once(lines, 'line')) as [string];
  const url = /http:\S+/.exec(JSON.parse(line).msg)![0];
  expect((await fetch(`${url}/readyz`)).status).toBe(200);

  const last = fetch(`${url}/v1/actions`);
  await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGTERM');
  expect((await last).status).toBe(200);
  expect(await ended).toEqual({ code: 0, errors: '' });
});

test('another address than loopback wants credentials, and TLS or something in front that does it', async () => {
  const { code, errors } = await start({
    WHENCE_CLICKHOUSE_URL: temporary.url,
    WHENCE_QUERY_HOST: '0.0.0.0',
  }).ended;
  expect(code).toBe(1);
  expect(errors).toMatch(/WHENCE_TLS_CERT.*WHENCE_INSECURE=true/);
  expect(errors).toMatch(/everyone who reaches it.*WHENCE_CONFIG.*WHENCE_QUERY_OPEN=true/);
});

test('a directory has one owner, who is named', async () => {
  const first = start({ WHENCE_CLICKHOUSE_URL: temporary.url, WHENCE_QUERY_PORT: '0' });
  await once(first.lines, 'line');
  const { code, errors } = await start({ WHENCE_CLICKHOUSE_URL: temporary.url, WHENCE_QUERY_PORT: '0' })
    .ended;
  expect(code).toBe(1);
  expect(errors).toContain(`${dataDirectory} is in use by a Whence query service (pid ${first.child.pid})`);
  first.child.kill('SIGTERM');
  await first.ended;
});
