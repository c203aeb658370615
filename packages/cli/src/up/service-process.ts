import { type ChildProcess, fork } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CliError } from '../cli-error.ts';

/** A service of ours in a process of its own. It ends with this process at the latest. */
export interface ServiceProcess {
  readonly url: string;
  /** `host:port` of its gRPC service, where it has one. */
  readonly grpcAddress?: string;
  /** Resolves with how it ended, in words. */
  readonly ended: Promise<string>;
  /** Asks it to finish what it is doing, and waits until it has. */
  stop(): Promise<void>;
}

export interface ServiceProgram {
  readonly name: string;
  /** Module specifier of its main file: `@whence/collector/main`. */
  readonly module: string;
  /** For `node` itself. */
  readonly nodeFlags?: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Where what it prints goes. */
  readonly logPath: string;
}

const READY_MILLIS = 30_000;
const STOP_MILLIS = 15_000;
const LAST_BYTES = 2_000;

/**
 * Starts the program and resolves when it says that it is ready.
 *
 * @throws CliError `unavailable` with what the process printed last, where it ended before.
 */
export const startService = async (program: ServiceProgram): Promise<ServiceProcess> => {
  const { name, module, nodeFlags = [], environment, logPath } = program;
  const child = fork(fileURLToPath(import.meta.resolve(module)), {
    env: environment,
    execArgv: [...nodeFlags],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C in the terminal is for the parent, which ends the services in order.
    detached: true,
  });
  const lastLines = keepOutput(child, logPath);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
  });
  const ready = new Promise<ReadyMessage>((resolve) => {
    child.on('message', (message: Partial<ReadyMessage>) => {
      if (message.ready !== undefined) resolve({ ...message, ready: message.ready });
    });
  });
  const late = setTimeout(() => child.kill('SIGKILL'), READY_MILLIS);
  const first = await Promise.race([ready, ended.then((how) => ({ how }))]);
  clearTimeout(late);
  if ('how' in first) throw new CliError('unavailable', lastLines().trim() || `${name} ${first.how}`);
  const { ready: url, grpcAddress } = first;
  return {
    url,
    ...(grpcAddress === undefined ? {} : { grpcAddress }),
    ended,
    stop: () => stop(child, ended),
  };
};

/** What a service says to its parent when it is ready. */
interface ReadyMessage {
  readonly ready: string;
  readonly grpcAddress?: string;
}

/** Everything printed goes to the log file; the end of what went to standard error is kept for messages. */
const keepOutput = (child: ChildProcess, logPath: string): (() => string) => {
  const log = createWriteStream(logPath, { flags: 'a', mode: 0o600 });
  log.on('error', () => {});
  child.stdout?.pipe(log);
  child.stderr?.pipe(log);
  let last = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    last = (last + chunk.toString('utf8')).slice(-LAST_BYTES);
  });
  return () => last;
};

const stop = async (child: ChildProcess, ended: Promise<string>): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MILLIS);
  await ended;
  clearTimeout(kill);
};
