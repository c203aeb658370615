import { type ChildProcess, fork, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { takeDown } from './take-down.ts';

/** How a process ended, and all that it printed. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A service in a process of its own; it is gone after the last test of the file at the latest. */
export interface ServiceProcess {
  readonly url: string;
  /** `host:port`, where it serves OTLP/gRPC. */
  readonly grpcAddress?: string;
  readonly pid: number;
  /** What it printed until now. */
  printed(): string;
  readonly ended: Promise<Ended>;
  /** SIGTERM, unless it has ended, and waits for the end. */
  stop(): Promise<Ended>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<Ended>;
}

export interface Program {
  /** `@whence/collector/main`. */
  readonly module: string;
  readonly environment: NodeJS.ProcessEnv;
  /** For `node` itself. */
  readonly nodeFlags?: readonly string[];
  /** Faults that its system calls meet, as strace has them: `fdatasync:error=EIO:when=5+`. Needs strace. */
  readonly faults?: readonly string[];
}

interface Ready {
  readonly ready: string;
  readonly grpcAddress?: string;
}

const READY_MILLIS = 60_000;

/** Starts a service; rejects with what it printed where it ends before it is ready. */
export const startService = async (program: Program): Promise<ServiceProcess> => {
  const { module } = program;
  const { child, ended, printed } = launch(program);
  const ready = new Promise<Ready>((resolve) => {
    child.on('message', (message: Partial<Ready>) => {
      if (message.ready !== undefined) resolve(message as Ready);
    });
  });
  const late = setTimeout(() => child.kill('SIGKILL'), READY_MILLIS);
  const first = await Promise.race([ready, ended]);
  clearTimeout(late);
  if (!('ready' in first)) throw new Error(`${module} ended: ${first.stderr}${first.stdout}`);
  const end = (signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  const stop = (): Promise<Ended> => end('SIGTERM');
  const { ready: url, grpcAddress } = first;
  return {
    url,
    ...(grpcAddress === undefined ? {} : { grpcAddress }),
    pid: child.pid!,
    printed,
    ended,
    stop,
    kill: () => end('SIGKILL'),
  };
};

/** Runs a service that is expected to end by itself. Where it becomes ready instead, it is ended, with code null. */
export const serviceThatEnds = (program: Program): Promise<Ended> => {
  const { child, ended } = launch(program);
  child.on('message', () => child.kill('SIGKILL'));
  return ended;
};

/** Runs a Node program to its end. */
export const programThatEnds = (
  path: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Ended> => {
  const child = spawn(process.execPath, [path, ...args], {
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return watch(child).ended;
};

const launch = ({ module, nodeFlags = [], environment, faults = [] }: Program) => {
  const child = fork(fileURLToPath(import.meta.resolve(module)), {
    env: cleanEnvironment({ ...environment, ...(faults.length === 0 ? {} : COUNTED) }),
    ...(faults.length === 0 ? { execArgv: [...nodeFlags] } : underStrace(faults, nodeFlags)),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return { child, ...watch(child) };
};

/** strace counts calls by thread: they have an order with one thread alone, and are the service's own without a cache. */
const COUNTED = { UV_THREADPOOL_SIZE: '1', NODE_COMPILE_CACHE: undefined };

/** With -D it is strace that is the grandchild: the child, and its pid, are the service's own. */
const underStrace = (faults: readonly string[], nodeFlags: readonly string[]) => ({
  execPath: 'strace',
  execArgv: [
    ...['-D', '-f', '-qq', '-o', '/dev/null'],
    ...faults.flatMap((fault) => ['-e', `inject=${fault}`]),
    process.execPath,
    ...nodeFlags,
  ],
});

const watch = (child: ChildProcess): { ended: Promise<Ended>; printed: () => string } => {
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  takeDown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  return { ended, printed: () => stdout + stderr };
};

/** The tests' own environment, without what would configure a service by accident. */
const cleanEnvironment = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(WHENCE_|OTEL_|TRACE|VITEST|NODE_OPTIONS|LOG_LEVEL)/.test(name),
    ),
  ),
  ...environment,
});
