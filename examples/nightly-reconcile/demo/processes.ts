import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Program {
  readonly name: string;
  /** Of this example's folder: `services/billing.ts`. */
  readonly file: string;
  readonly arguments?: readonly string[];
  /** Modules to load first, as `node --import` takes them. */
  readonly preload?: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

export interface Processes {
  /** Resolves with the address that the program says it is ready at. Rejects where it ends before. */
  start(program: Program): Promise<string>;
  /** Resolves with what the program printed, once it has ended well. Rejects where it ended badly. */
  finish(program: Program): Promise<readonly string[]>;
  /** Ends all, the last started first. Nothing can be started any more. */
  stop(): Promise<void>;
}

const EXAMPLE = fileURLToPath(new URL('..', import.meta.url));
const READY = / ready at (\S+)$/;
const STOP_MILLIS = 5_000;
const LAST_LINES = 15;

/** @param onFailure told when a started program ends by itself */
export const createProcesses = (onFailure: (error: Error) => void): Processes => {
  const running: Running[] = [];
  let stopping = false;

  const launch = (program: Program): Running => {
    if (stopping) throw new Error(`${program.name} is not started: the demo is ending`);
    const process = spawnProgram(program);
    running.push(process);
    return process;
  };

  return {
    start: async (program) => {
      const process = launch(program);
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      process.onLine((line) => {
        const url = READY.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
      void process.ended.then((how) => {
        const error = new Error(`${program.name} ${how}\n${process.lastLines().join('\n')}`);
        reject(error);
        if (!stopping) onFailure(error);
      });
      return promise;
    },
    finish: async (program) => {
      const process = launch(program);
      const printed: string[] = [];
      process.onLine((line) => printed.push(line));
      const how = await process.ended;
      if (how === ENDED_WELL) return printed;
      throw new Error(`${program.name} ${how}\n${process.lastLines().join('\n')}`);
    },
    stop: async () => {
      stopping = true;
      for (const process of running.reverse()) await process.stop();
    },
  };
};

interface Running {
  /** How it ended, in words. */
  readonly ended: Promise<string>;
  onLine(listener: (line: string) => void): void;
  lastLines(): readonly string[];
  stop(): Promise<void>;
}

const ENDED_WELL = 'ended with code 0';

const spawnProgram = ({ file, arguments: rest = [], preload = [], environment }: Program): Running => {
  const imports = ['./demo/lifeline.ts', ...preload].flatMap((module) => ['--import', module]);
  const child = spawn(process.execPath, [...imports, file, ...rest], {
    cwd: EXAMPLE,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: a Ctrl-C in the terminal is for the demo alone, which ends the others in order.
    detached: true,
  });
  child.once('exit', () => endGroup(child.pid));

  const lines: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  const keep = (line: string): void => {
    lines.push(line);
    if (lines.length > LAST_LINES) lines.shift();
  };
  createInterface(child.stderr!).on('line', keep);
  createInterface(child.stdout!).on('line', (line) => {
    keep(line);
    for (const listener of listeners) listener(line);
  });

  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
  });
  return {
    ended,
    onLine: (listener) => listeners.push(listener),
    lastLines: () => lines,
    stop: () => stop(child, ended),
  };
};

/** What a program started and did not end itself: PostgreSQL, where what looks after it was killed. */
const endGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left of it.
  }
};

const stop = async (child: ChildProcess, ended: Promise<string>): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MILLIS);
  await ended;
  clearTimeout(kill);
};
