import { spawn } from 'node:child_process';
import { constants } from 'node:os';

export type ChildEnd =
  | { readonly status: 'exited'; readonly code: number }
  | { readonly status: 'signalled'; readonly signal: NodeJS.Signals }
  | { readonly status: 'not_found' }
  | { readonly status: 'not_executable'; readonly reason: string };

/** Passed on to the child. The others keep what they mean to this process, or cannot be caught. */
const PASSED_ON = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const;
/** A terminal sends these to every process in its foreground, the child among them: passing them on would double them. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT'];

export interface ChildOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly interactive: boolean;
}

/** Runs the command with this process's own stdio. While it runs, signals are its own, and do not end this process. */
export const runChild = (
  command: string,
  args: readonly string[],
  { env, interactive }: ChildOptions,
): Promise<ChildEnd> =>
  new Promise<ChildEnd>((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: 'inherit' });
    const passOn = (signal: NodeJS.Signals): void => {
      if (!(interactive && FROM_TERMINAL.includes(signal))) child.kill(signal);
    };
    for (const signal of PASSED_ON) process.on(signal, passOn);
    const settle = (then: () => void): void => {
      for (const signal of PASSED_ON) process.off(signal, passOn);
      then();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', (code, signal) =>
      settle(() =>
        resolve(signal === null ? { status: 'exited', code: code! } : { status: 'signalled', signal }),
      ),
    );
  }).catch(notStarted);

const notStarted = (error: NodeJS.ErrnoException): ChildEnd =>
  error.code === 'ENOENT' || error.code === 'ERR_INVALID_ARG_VALUE'
    ? { status: 'not_found' }
    : { status: 'not_executable', reason: error.code ?? error.message };

/** As a shell says it. */
export const exitCodeOf = (end: ChildEnd): number => {
  switch (end.status) {
    case 'exited':
      return end.code;
    case 'signalled':
      return 128 + constants.signals[end.signal];
    case 'not_found':
      return 127;
    case 'not_executable':
      return 126;
  }
};
