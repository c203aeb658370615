import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import { takeDown } from './take-down.ts';

export interface ExampleProgram {
  /** The parts in brackets, once `pattern` is in what it printed. */
  said(pattern: RegExp): Promise<readonly string[]>;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
}

/** `examples/<path>` as its README starts it. */
export const startExample = (path: string, environment: Record<string, string>): ExampleProgram => {
  const program = fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
  const register = import.meta.resolve('@whence/sdk/register');
  const child = spawn(process.execPath, ['--import', register, program], {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  takeDown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    said: async (pattern) => {
      const found = await eventually(() => pattern.exec(printed) ?? undefined, { otherwise: () => printed });
      return found.slice(1);
    },
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
};
