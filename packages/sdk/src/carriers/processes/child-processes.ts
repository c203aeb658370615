import childProcess, { ChildProcess } from 'node:child_process';
import { type EventEmitter, errorMonitor } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { type Context, context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { carrierOf, withCarrier } from '../carrier.ts';
import { type ChildSpan, startChildSpan } from './child-span.ts';

/**
 * Makes each child process a span, and the parent of what the child does: `TRACEPARENT` and `TRACESTATE` go into its
 * environment, unless the caller set others there.
 *
 * `spawn`, `exec`, `execFile` and `fork` all end in `ChildProcess.prototype.spawn`, whoever imported them and how;
 * the synchronous ones are replaced by name.
 *
 * @returns whether child processes are traced
 */
export const traceChildProcesses = (): boolean => {
  const prototype = ChildProcess.prototype as unknown as { spawn?: Spawn };
  const { spawn } = prototype;
  if (typeof spawn !== 'function') return false;
  prototype.spawn = function (this: ChildProcess, options: SpawnOptions): number {
    const traced = prepare(options);
    if (traced === undefined) return spawn.call(this, options);
    try {
      const result = spawn.call(this, traced.options);
      endWith(this, traced.span);
      return result;
    } catch (error) {
      traced.span.failed(error);
      throw error;
    }
  };
  for (const name of ['spawnSync', 'execFileSync', 'execSync'] as const) traceSync(name);
  syncBuiltinESMExports();
  return true;
};

/** Node's own, normalised: `args` starts with the name, `envPairs` has `NAME=value`. */
interface SpawnOptions {
  readonly file: string;
  readonly args?: readonly string[];
  readonly envPairs?: readonly string[];
}

type Spawn = (this: ChildProcess, options: SpawnOptions) => number;

const prepare = (options: SpawnOptions): { options: SpawnOptions; span: ChildSpan } | undefined => {
  try {
    const active = context.active();
    if (isTracingSuppressed(active) || !Array.isArray(options.envPairs)) return undefined;
    const [, ...args] = options.args ?? [];
    const span = startChildSpan(options.file, args, active);
    const env = withSpan(Object.fromEntries(options.envPairs.map(splitPair)), active, span.context);
    const envPairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return { options: { ...options, envPairs }, span };
  } catch {
    return undefined;
  }
};

/** On Windows a name may start with `=`. */
const splitPair = (pair: string): [string, string] => {
  const at = pair.indexOf('=', 1);
  return [pair.slice(0, at), pair.slice(at + 1)];
};

/** A child that could not be started says so in an `error` event; watching it leaves it unhandled, if it was. */
const endWith = (child: ChildProcess, span: ChildSpan): void => {
  if (child.pid !== undefined) span.started(child.pid);
  child.once('exit', (code, signal) => span.exited(code, signal));
  (child as EventEmitter).once(errorMonitor, (error: unknown) => span.failed(error));
};

/**
 * The caller's own `TRACEPARENT` stays. What came with the rest of this process's environment, or from `childEnv`,
 * gives way to the child's span.
 */
const withSpan = (env: NodeJS.ProcessEnv, active: Context, spanContext: Context): NodeJS.ProcessEnv => {
  const { TRACEPARENT: given } = env;
  const ours = [undefined, process.env['TRACEPARENT'], carrierOf(active).traceparent];
  return ours.includes(given) ? withCarrier(env, carrierOf(spanContext)) : env;
};

type SyncName = 'spawnSync' | 'execFileSync' | 'execSync';
type AnySync = (this: unknown, ...args: unknown[]) => unknown;

const traceSync = (name: SyncName): void => {
  const own = childProcess[name] as unknown as AnySync;
  const traced: AnySync = function (this: unknown, ...given) {
    const prepared = prepareSync(name, given);
    if (prepared === undefined) return own.apply(this, given);
    const { args, span } = prepared;
    try {
      const result = own.apply(this, args);
      endSync(span, name === 'spawnSync' ? result : { status: 0 });
      return result;
    } catch (error) {
      endSync(span, error);
      throw error;
    }
  };
  Object.defineProperty(traced, 'name', { value: name });
  (childProcess as unknown as Record<SyncName, AnySync>)[name] = traced;
};

interface SyncOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly shell?: boolean | string;
}

const prepareSync = (name: SyncName, given: unknown[]): { args: unknown[]; span: ChildSpan } | undefined => {
  try {
    const active = context.active();
    const [command, ...rest] = given;
    if (isTracingSuppressed(active) || typeof command !== 'string') return undefined;
    const list = name !== 'execSync' && Array.isArray(rest[0]) ? (rest.shift() as string[]) : undefined;
    const options = rest.find((each) => typeof each === 'object' && each !== null) as SyncOptions | undefined;
    const words = (list ?? []).map(String);
    const shell = name === 'execSync' ? (options?.shell ?? true) : options?.shell;
    const span = shell
      ? startChildSpan(shell === true ? SHELL : shell, ['-c', [command, ...words].join(' ')], active)
      : startChildSpan(command, words, active);
    const env = withSpan({ ...(options?.env ?? process.env) }, active, span.context);
    const args = [command, ...(list === undefined ? [] : [list]), { ...options, env }];
    return { args, span };
  } catch {
    return undefined;
  }
};

const SHELL = process.platform === 'win32' ? 'cmd.exe' : '/bin/sh';

/** Both what `spawnSync` returns and what the other two throw say how the child ended. */
const endSync = (span: ChildSpan, end: unknown): void => {
  const { pid, status, signal, error } = (end ?? {}) as {
    pid?: number;
    status?: number | null;
    signal?: NodeJS.Signals | null;
    error?: Error;
  };
  if (typeof pid === 'number' && pid > 0) span.started(pid);
  if (error !== undefined || (end instanceof Error && typeof status !== 'number' && signal == null)) {
    span.failed(error ?? (end as Error));
  } else span.exited(status ?? null, signal ?? null);
};
