import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Config, defaults, faultsOf, threadsNeeded } from './config.ts';

/** Only `dataDir` has no default; see `Config` for the others. `port` is any free one unless given. */
export type EmbeddedOptions = Pick<Config, 'dataDir'> & Partial<Omit<Config, 'exitWithParent'>>;

/**
 * What comes with inserts lies outside of the heap of the JavaScript engine, and makes it collect far too often: with a
 * small space for young objects and a heap that may grow in between, a row costs a tenth less CPU, the database's included.
 */
const NODE_FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=400'];

/** How a server process ended. */
export interface EmbeddedExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last line it wrote to standard error; empty when there was none. */
  readonly lastLine: string;
}

/** A server process of ours. It ends with this process at the latest. */
export interface EmbeddedClickHouse {
  /** For `@clickhouse/client`: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly pid: number;
  /** Lets running statements finish, then ends the process. Safe to call again. */
  stop(): Promise<void>;
  /** Resolves when the process has ended, for whatever reason. Never rejects. */
  readonly exited: Promise<EmbeddedExit>;
}

const READY_MILLIS = 60_000;

/**
 * Starts a server process on a data directory and resolves when it answers.
 * @throws Error with the one line in which the process said why it could not start
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedClickHouse> {
  const config: Config = { ...defaults, port: 0, ...options, exitWithParent: true };
  const faults = faultsOf(config);
  if (faults.length > 0) throw new Error(`clickhouse-embedded: ${faults.join('; ')}`);

  const child = spawn(
    process.execPath,
    [...NODE_FLAGS, fileURLToPath(new URL('./main.ts', import.meta.url)), ...argumentsFor(config)],
    {
      env: {
        ...process.env,
        UV_THREADPOOL_SIZE: String(threadsNeeded(config)),
        WHENCE_CLICKHOUSE_PASSWORD: config.password,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
      // Ctrl-C in the terminal is for the parent, which ends this process when nothing needs it any more.
      detached: true,
    },
  );
  const exited = watch(child);
  const ready = new Promise<{ url: string; pid: number }>((resolve) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_MILLIS);
  const first = await Promise.race([ready, exited]);
  clearTimeout(timer);
  if (!('url' in first))
    throw new Error(first.lastLine || `clickhouse-embedded ended with ${first.signal ?? first.code}`);
  return {
    ...first,
    exited,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
}

function argumentsFor(config: Config): string[] {
  return [
    ...['--data-dir', config.dataDir, '--host', config.host, '--port', String(config.port)],
    ...['--readers', String(config.readers), '--writers', String(config.writers)],
    ...['--max-waiting', String(config.maxWaiting), '--wait-ms', String(config.waitMillis)],
    ...['--grace-ms', String(config.graceMillis), '--max-body-bytes', String(config.maxBodyBytes)],
    ...(config.allowUnsafeSql ? ['--allow-unsafe-sql'] : []),
    '--exit-with-parent',
  ];
}

function watch(child: ChildProcess): Promise<EmbeddedExit> {
  let lastLine = '';
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (line.trim() !== '') lastLine = line;
    });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, lastLine: error.message }));
    child.once('close', (code, signal) => resolve({ code, signal, lastLine }));
  });
}
