import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { startEmbedded } from './index.ts';
import { openTemporaryServer } from './temporary-server.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const undo: Array<() => unknown> = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'clickhouse-embedded-'));
  undo.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function runMain(args: string[], threads = '32') {
  const env = { ...process.env, UV_THREADPOOL_SIZE: threads };
  const { status, stderr, stdout } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env });
  return { status, stderr, stdout };
}

const slow =
  'SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number)) SETTINGS max_threads = 1';

describe('the data directory has one owner', () => {
  test('a second process is refused and told who the first is', async () => {
    const server = await openTemporaryServer();
    undo.push(() => server.remove());
    const second = runMain(['--data-dir', server.dataDir, '--port', '0']);
    expect(second.status).toBe(2);
    const said = second.stderr.trim().split('\n');
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`process ${server.process.pid} at ${server.url}`);
    expect((await server.ask('SELECT 1')).text).toBe('1\n');
    await expect(startEmbedded({ dataDir: server.dataDir })).rejects.toThrow(
      /is in use by process \d+ at http/,
    );
    const third = runMain(['--data-dir', server.dataDir, '--port', '0']);
    expect(third.stderr).toContain(`process ${server.process.pid} at ${server.url}`);
  });

  test('a directory that cannot be written is named', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const result = runMain(['--data-dir', join(file, 'data')]);
    expect(result.status).toBe(2);
    expect(result.stderr.trim()).toMatch(
      /^clickhouse-embedded: data directory \S+\/file\/data is not writable: .*$/,
    );
  });

  test('after kill -9 the next owner keeps what was acknowledged and clears the spool', async () => {
    const dataDir = temporaryFolder();
    const first = await openTemporaryServer({ dataDir });
    await first.ask('CREATE TABLE t (a UInt32, b UInt32) ENGINE = MergeTree ORDER BY a');
    let acknowledged = 0;
    const writer = async (id: number): Promise<void> => {
      for (let batch = 0; ; batch++) {
        const rows = Array.from({ length: 500 }, (_, row) => `${id * 1000 + batch}\t${row}\n`).join('');
        const reply = await first
          .ask(rows, { url: { query: 'INSERT INTO t FORMAT TSV' } })
          .catch(() => undefined);
        if (reply?.status !== 200) return;
        acknowledged++;
      }
    };
    const writers = [1, 2, 3].map(writer);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    process.kill(first.process.pid, 'SIGKILL');
    await Promise.all(writers);
    expect((await first.process.exited).signal).toBe('SIGKILL');
    writeFileSync(join(dataDir, 'spool', 'left-over'), 'x');
    const note = JSON.parse(readFileSync(join(dataDir, 'owner.json'), 'utf8'));
    expect(note).toMatchObject({ pid: first.process.pid, url: first.url });

    const second = await openTemporaryServer({ dataDir });
    undo.push(() => second.remove());
    expect(readdirSync(join(dataDir, 'spool'))).toEqual([]);
    const [batches, partial] = (
      await second.ask(
        'SELECT count(), countIf(n != 500) FROM (SELECT a, count() AS n FROM t GROUP BY a) FORMAT TSV',
      )
    ).text
      .trim()
      .split('\t')
      .map(Number) as [number, number];
    expect(acknowledged).toBeGreaterThan(0);
    expect(batches).toBeGreaterThanOrEqual(acknowledged);
    expect(batches).toBeLessThanOrEqual(acknowledged + 3);
    expect(partial).toBe(0);
  });
});

describe('what cannot be run is refused in one line', () => {
  test('a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    undo.push(() => taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const dataDir = temporaryFolder();
    const result = runMain(['--data-dir', dataDir, '--port', String(port)]);
    expect(result.status).toBe(2);
    expect(result.stderr.trim()).toBe(`clickhouse-embedded: address 127.0.0.1:${port} is already in use`);
    await expect(startEmbedded({ dataDir, port })).rejects.toThrow(
      `address 127.0.0.1:${port} is already in use`,
    );
    expect(readdirSync(dataDir)).not.toContain('owner.json');
  });

  test('too few threads', () => {
    const result = runMain(['--data-dir', temporaryFolder(), '--port', '0'], '4');
    expect(result.status).toBe(2);
    expect(result.stderr.trim()).toMatch(/UV_THREADPOOL_SIZE is 4 and must be at least 18/);
  });

  test.each([
    [[], /dataDir is required/],
    [['--data-dir', 'x', '--host', '0.0.0.0'], /password is required to listen on 0\.0\.0\.0/],
    [['--data-dir', 'x', '--port', 'http'], /port must be a whole number/],
    [['--data-dir', 'a*b'], /must not contain/],
    [['--no-such-option'], /no-such-option/],
  ])('%j', (args, said) => {
    const result = runMain(args);
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(said);
  });

  test('--help explains', () => {
    expect(runMain(['--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--data-dir DIR'),
    });
  });
});

describe('the end', () => {
  test('SIGTERM lets a running statement finish, takes no more, and exits with 0', async () => {
    const server = await openTemporaryServer();
    undo.push(() => server.remove());
    await server.ask('CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a');
    const asked = server.ask('SELECT sleep(1.5), 7');
    const inserted = server.ask(
      'INSERT INTO t SELECT sleepEachRow(0.3) FROM numbers(4) SETTINGS max_block_size = 1',
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    process.kill(server.process.pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(server.ask('SELECT 1')).rejects.toThrow();
    expect((await asked).text).toBe('0\t7\n');
    expect((await inserted).status).toBe(200);
    expect(await server.process.exited).toMatchObject({ code: 0, signal: null });
    expect(readdirSync(server.dataDir)).not.toContain('owner.json');
  });

  test('what outlasts the grace period is killed, and the exit is clean', async () => {
    const server = await openTemporaryServer({ graceMillis: 300 });
    undo.push(() => server.remove());
    const asked = server.ask(slow);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.process.stop();
    expect((await asked).headers.get('x-clickhouse-exception-code')).toBe('394');
    expect(await server.process.exited).toMatchObject({ code: 0, signal: null });
  });

  test('a server ends when the process that started it dies', async () => {
    const dataDir = temporaryFolder();
    const index = new URL('./index.ts', import.meta.url).href;
    const script = `const { startEmbedded } = await import('${index}');
      const { pid } = await startEmbedded({ dataDir: '${dataDir}' });
      process.stdout.write(pid + '\\n'); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(String(line));
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    for (let tries = 0; isRunning(pid) && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isRunning(pid)).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
