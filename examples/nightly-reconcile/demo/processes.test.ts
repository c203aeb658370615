import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { bareEnvironment } from './environments.ts';
import { isRunning } from './process-table.fixture.ts';
import { createProcesses, type Program } from './processes.ts';

const program = (file: string, environment: NodeJS.ProcessEnv = {}): Program => ({
  name: 'billing',
  file,
  environment: { ...bareEnvironment(), ...environment },
});

const healthy = program('services/billing.ts', { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });

const failed = vi.fn<(error: Error) => void>();

beforeEach(() => {
  failed.mockReset();
});

describe('processes', () => {
  test('start tells the address, stop ends the process', async () => {
    const processes = createProcesses(failed);
    const url = await processes.start(healthy);
    expect((await fetch(url)).status).toBe(404);
    await processes.stop();
    await expect(fetch(url)).rejects.toThrow();
    expect(failed).not.toHaveBeenCalled();
  });

  test('a program that ends at its start is an error with its last lines', async () => {
    const processes = createProcesses(failed);
    await expect(processes.start(program('services/billing.ts'))).rejects.toThrow(
      /^billing ended with code 1\n.*DATABASE_URL is not set/s,
    );
    expect(failed).toHaveBeenCalledOnce();
    await processes.stop();
  });

  test('a job that fails is an error with its last lines', async () => {
    const processes = createProcesses(failed);
    await expect(processes.finish(program('jobs/none.ts'))).rejects.toThrow(/ended with code 1\n.*none\.ts/s);
    await processes.stop();
  });

  test('once stopped, nothing is started', async () => {
    const processes = createProcesses(failed);
    await processes.stop();
    await expect(processes.start(healthy)).rejects.toThrow('billing is not started');
  });

  test('what a program leaves running ends with it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'processes-'));
    const file = join(directory, 'careless.mjs');
    await writeFile(
      file,
      `import { spawn } from 'node:child_process';
       const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
       console.log('careless ready at ' + left.pid);
       process.disconnect();
       left.unref();`,
    );
    const processes = createProcesses(failed);
    const pid = Number(await processes.start(program(file)));
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 5_000);
    await processes.stop();
    await rm(directory, { recursive: true });
  });
});
