import { type ChildProcess, fork, type Serializable, spawn } from 'node:child_process';

/** A process that a bench started. It is gone when the bench ends. */
export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  /** The end of what it printed. */
  printed(): string;
  /** SIGTERM, SIGKILL where that does not help, and waits for the end. */
  stop(): Promise<void>;
}

const STOP_MILLIS = 20_000;
const READY_MILLIS = 60_000;
const KEPT_CHARACTERS = 4_000;

const running = new Set<Child>();
process.once('exit', () => {
  for (const child of running) child.process.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

/** Any program. */
export const startProgram = (
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Child =>
  watch(spawn(path, args, { env: cleanEnvironment(environment), stdio: ['ignore', 'pipe', 'pipe'] }));

/**
 * A program for Node that says `{ ready: … }` to its parent.
 * @returns what it said, too
 * @throws Error with the end of what it printed, where it ended before
 */
export const startNode = async (
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  nodeFlags: readonly string[] = [],
): Promise<{ readonly child: Child; readonly ready: string }> => {
  const child = watch(
    fork(path, args, {
      env: cleanEnvironment(environment),
      execArgv: [...nodeFlags],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    }),
  );
  const said = new Promise<string>((resolve) => {
    child.process.on('message', (message: { readonly ready?: string }) => {
      if (message.ready !== undefined) resolve(message.ready);
    });
  });
  const late = setTimeout(() => child.process.kill('SIGKILL'), READY_MILLIS);
  const ready = await Promise.race([said, child.ended]);
  clearTimeout(late);
  if (ready === undefined) throw new Error(`${path} ended before it was ready: ${child.printed()}`);
  return { child, ready };
};

/** Asks a program of ours, which answers questions one after the other. */
export const ask = <Answer>(child: Child, question: Serializable): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const answered = (message: { readonly answer: Answer }): void => resolve(message.answer);
    child.process.once('message', answered);
    child.process.send(question);
    void child.ended.then(() => reject(new Error(`ended before it answered: ${child.printed()}`)));
  });

const watch = (process: ChildProcess): Child => {
  let printed = '';
  for (const stream of [process.stdout!, process.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-KEPT_CHARACTERS);
    });
  }
  const ended = new Promise<void>((resolve) => {
    process.once('close', () => resolve());
    process.once('error', (error) => {
      printed += error.message;
      resolve();
    });
  });
  const child: Child = {
    pid: process.pid ?? 0,
    process,
    ended,
    printed: () => printed.trim(),
    stop: async () => {
      if (process.exitCode === null && process.signalCode === null) process.kill('SIGTERM');
      const late = setTimeout(() => process.kill('SIGKILL'), STOP_MILLIS);
      await ended;
      clearTimeout(late);
    },
  };
  running.add(child);
  void ended.then(() => running.delete(child));
  return child;
};

/** This process's environment, without what would configure a program by accident. */
const cleanEnvironment = (environment: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(WHENCE_|OTEL_|ROTEL_|TRACE|LOG_LEVEL)/.test(name)),
  ),
  ...environment,
});
