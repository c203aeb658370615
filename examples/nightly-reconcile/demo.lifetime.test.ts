import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRunning, processesBelow } from './demo/process-table.fixture.ts';

const UP_MILLIS = 100_000;
const GONE_MILLIS = 15_000;

const demos: ChildProcess[] = [];
let temporary: string;

/** A demo that has come so far that it stays up, and a `curl` line that it gave. */
const demoThatStaysUp = async (): Promise<{ demo: ChildProcess; url: string }> => {
  const program = fileURLToPath(new URL('demo.ts', import.meta.url));
  const demo = spawn(process.execPath, [program], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  demos.push(demo);
  const printed: string[] = [];
  createInterface(demo.stderr).on('line', (line) => printed.push(line));
  for await (const line of createInterface(demo.stdout)) {
    printed.push(line);
    if (line.includes('until Ctrl-C')) break;
  }
  const url = printed
    .map((line) => /^ {2}curl -s '(\S+)'$/.exec(line)?.[1])
    .find((found) => found !== undefined);
  expect(url, printed.join('\n')).toBeDefined();
  demo.stdout.resume();
  return { demo, url: url! };
};

const allGone = async (pids: readonly number[]): Promise<boolean> => {
  for (const deadline = Date.now() + GONE_MILLIS; pids.some(isRunning); await sleep(100)) {
    if (Date.now() > deadline) return false;
  }
  return true;
};

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'lifetime-'));
  await chmod(temporary, 0o711);
});

afterEach(async () => {
  for (const demo of demos.splice(0)) demo.kill('SIGKILL');
  await rm(temporary, { recursive: true, force: true, maxRetries: 10 });
});

describe('a demo that stays up', () => {
  test('answers its curl lines beside another one; Ctrl-C ends all of it, as does a kill', {
    timeout: 2 * UP_MILLIS,
  }, async () => {
    const [one, other] = await Promise.all([demoThatStaysUp(), demoThatStaysUp()]);
    for (const { url } of [one, other]) expect((await fetch(url)).status).toBe(200);
    const [ofOne, ofOther] = [processesBelow(one.demo.pid!), processesBelow(other.demo.pid!)];
    expect(ofOne.length).toBeGreaterThanOrEqual(7);

    one.demo.kill('SIGINT');
    expect(await once(one.demo, 'exit')).toEqual([0, null]);
    expect(ofOne.filter(isRunning)).toEqual([]);
    expect((await fetch(other.url)).status).toBe(200);

    other.demo.kill('SIGKILL');
    expect(await allGone(ofOther), `left: ${ofOther.filter(isRunning)}`).toBe(true);
  });
});
