import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWhence, type WhenceProcess, whence } from '../testkit/whence-process.ts';

const ANY_PORTS = ['--clickhouse-port', '0', '--collector-port', '0', '--query-port', '0'];

let folder: string;
let running: WhenceProcess;
let text: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'whence-up-'));
  // A login for some other ClickHouse, as it may stand in the environment of whoever tries the embedded one.
  running = startWhence(['up', '--data', folder, ...ANY_PORTS, '--grpc-port', 'off'], {
    WHENCE_CLICKHOUSE_USER: 'ada',
    WHENCE_CLICKHOUSE_PASSWORD: 'secret',
    npm_lifecycle_event: 'start',
  });
  text = '';
  running.process.stdout?.on('data', (chunk: string) => (text += chunk));
  await running.printed('/v1/actions');
});
afterAll(async () => {
  running.process.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const addressOf = (service: string): string => new RegExp(`^${service} +(\\S+)`, 'm').exec(text)![1]!;

describe('whence up', () => {
  it('says where each part is, and what to do first', () => {
    expect(text).toMatch(
      /^ClickHouse {2}http:\S+ {2}\(embedded\)\nCollector {3}http:\S+ {2}\(OTLP\/HTTP and issuer\)\nQuery {7}http:\S+\n/,
    );
    expect(text).toContain(`export WHENCE_KEY=$(cat '${folder}/local.key')`);
    expect(text).toContain(
      `npm run -s whence -- run --verbose --job hello --issuer ${addressOf('Collector')} -- date`,
    );
  });

  it('takes a run from the key that it made, and answers who caused it', async () => {
    const key = (await readFile(join(folder, 'local.key'), 'utf8')).trim();
    const ended = await whence(
      ['run', '--verbose', '--job', 'hello', '--issuer', addressOf('Collector'), '--', 'true'],
      { WHENCE_KEY: key },
    );
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    const [, runId] = /^whence: run (\S+), verified\n$/.exec(ended.stderr) ?? [];
    const api = ['--api', addressOf('Query')];
    await expect
      .poll(async () => (await whence(['who', '--run', runId!, ...api])).stdout, { timeout: 15_000 })
      .toMatch(/^`?hello`? by hello at .* was caused by user:\S+ \(human, verified\)/);
  });

  it('lets whoever asks from here read, and the holder of the key see who did', async () => {
    const query = addressOf('Query');
    expect((await fetch(`${query}/v1/actions`)).status).toBe(200);
    expect((await fetch(`${query}/v1/queries`)).status).toBe(403);
    const key = (await readFile(join(folder, 'local.key'), 'utf8')).trim();
    const headers = { authorization: `Bearer ${key}` };
    await expect
      .poll(async () => (await fetch(`${query}/v1/queries?path=/v1/actions`, { headers })).text(), {
        timeout: 15_000,
      })
      .toContain('GET /v1/actions');
    expect(
      (await whence(['who', '--span', 'f'.repeat(16), '--api', query], { WHENCE_KEY: 'whk_x' })).code,
    ).toBe(77);
  });

  it('ends with 0 when it is asked to, and leaves nothing running', async () => {
    running.process.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    await expect(fetch(addressOf('Query'))).rejects.toThrow();
  });

  it('names what is in the way, in one line', async () => {
    const ended = await whence(['up', '--data', join(folder, 'local.key'), ...ANY_PORTS]);
    expect(ended.code).toBe(69);
    expect(ended.stderr).toMatch(/^whence: data directory \S+local\.key cannot be used: [^\n]+\n$/);
  });
});
