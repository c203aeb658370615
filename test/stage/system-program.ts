import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { eventually } from './eventually.ts';
import { takeDown } from './take-down.ts';

export interface SystemProgram {
  readonly child: ChildProcess;
  /** What it printed until now, on both. */
  printed(): string;
}

/**
 * A server from Debian's packages in the foreground, killed after the last test of the file. Its standard input stays
 * open.
 */
export const startProgram = (
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): SystemProgram => {
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let printed = '';
  const keep = (chunk: Buffer): void => {
    printed = `${printed}${chunk}`.slice(-20_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.once('error', (error) => keep(Buffer.from(`${command}: ${error.message}`)));
  child.stdin.once('error', () => {});
  takeDown(async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  });
  return { child, printed: () => printed };
};

/** Until it is so; fails with what the program printed where that ends before, or was never there. */
export const untilReady = (
  { child, printed }: SystemProgram,
  isReady: () => Promise<boolean> | boolean,
): Promise<true> =>
  eventually(
    async () => {
      if (child.pid === undefined || child.exitCode !== null) throw new Error(`it ended: ${printed()}`);
      return isReady();
    },
    { withinMillis: 60_000, otherwise: printed },
  );

export const listensAt = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
