import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface AppProcess {
  readonly child: ChildProcess;
  /** Resolves when its standard output has this text. */
  said(text: string): Promise<void>;
  /** The first line of its standard output. */
  line(): Promise<string>;
  readonly ended: Promise<Ended>;
}

const REGISTER = fileURLToPath(import.meta.resolve('@whence/sdk/register'));

/** Runs `apps/<name>` under `--import @whence/sdk/register`, in an environment of nothing but `env` and PATH. */
export const startApp = (
  name: string,
  env: Record<string, string>,
  { args = [], flags = ['--import', REGISTER] }: { args?: string[]; flags?: string[] } = {},
): AppProcess => {
  const app = fileURLToPath(new URL(`./apps/${name}`, import.meta.url));
  const child = spawn(process.execPath, [...flags, app, ...args], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      OTEL_SERVICE_NAME: name,
      WHENCE_SPOOL_DIR: 'off',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      for (const look of waiting) look();
      resolve({ code, signal, stdout, stderr });
    });
  });
  const said = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve();
        else if (child.exitCode !== null || child.signalCode !== null) {
          reject(new Error(`it ended before it said ${text}: ${stdout}\n${stderr}`));
        } else return;
        waiting.delete(look);
      };
      waiting.add(look);
      look();
    });
  const line = async (): Promise<string> => {
    await said('\n');
    return stdout.slice(0, stdout.indexOf('\n'));
  };
  return { child, said, line, ended };
};

export const runApp = (...args: Parameters<typeof startApp>): Promise<Ended> => startApp(...args).ended;
