import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeDown } from './take-down.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface ProgramEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of an example, as a user starts it; it is gone after the last test of the file at the latest. */
export interface RunningProgram {
  /** What the pattern found in what it printed, its groups, once it has printed that. Rejects where it ends before. */
  said(pattern: string | RegExp): Promise<readonly string[]>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<ProgramEnd>;
  readonly ended: Promise<ProgramEnd>;
}

export interface ProgramOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** In place of `node --import @whence/sdk/register` and the file's name. */
  readonly command?: readonly [string, ...string[]];
}

/** Started in its own folder, with nothing of this environment but the way to `node` and to what npm has installed. */
export const startProgram = (path: string, { environment, command }: ProgramOptions): RunningProgram => {
  const file = join(ROOT, path);
  const [program, ...args] = command ?? [process.execPath, '--import', '@whence/sdk/register', file];
  const ways = [dirname(process.execPath), join(ROOT, 'node_modules/.bin'), process.env['PATH']];
  const child = spawn(program, args, {
    cwd: dirname(file),
    env: {
      PATH: ways.join(delimiter),
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  takeDown(() => child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  const look = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const each of look) each();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    said: (pattern) => {
      const heard = new Promise<readonly string[]>((resolve) => {
        const found = (): void => {
          const groups =
            typeof pattern === 'string' ? (stdout.includes(pattern) ? [] : null) : pattern.exec(stdout);
          if (groups !== null) resolve(groups.slice(1));
        };
        look.add(found);
        found();
      });
      const over = ended.then(() => {
        throw new Error(`${path} ended, and never said ${pattern}: ${stderr}`);
      });
      return Promise.race([heard, over]);
    },
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    ended,
  };
};
