import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const READY_MILLIS = 30_000;

/**
 * Starts a server of the system's packages, and waits until it takes connections. Rejects with what it said where it is
 * missing, or ends.
 */
export const startServer = async (
  command: string,
  args: readonly string[],
  port: number,
): Promise<{ said(): string; stop(): Promise<void> }> => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code}: ${said}`)));
  });
  ended.catch(() => {});
  await Promise.race([accepting(port, command), ended]);
  return { said: () => said, stop: () => stop(child) };
};

const accepting = async (port: number, command: string): Promise<void> => {
  const late = Date.now() + READY_MILLIS;
  while (!(await accepts(port))) {
    if (Date.now() > late) throw new Error(`${command} does not listen on port ${port}`);
    await delay(20);
  }
};

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(late);
};
