import { parseArgs } from 'node:util';
import { type Config, defaults, faultsOf } from './config.ts';

export const usage = `Usage: node main.ts --data-dir DIR [options]

The ClickHouse engine behind ClickHouse's HTTP interface.

  --data-dir DIR        where the data is; owned by one process at a time (required)
  --host ADDRESS        address to listen on (${defaults.host}); others than loopback need a password
  --port PORT           port to listen on, 0 for any free one (${defaults.port})
  --readers N           SELECTs that run side by side (${defaults.readers})
  --writers N           INSERTs that run side by side (${defaults.writers})
  --max-waiting N       statements that may wait for a free session, per pool (${defaults.maxWaiting})
  --wait-ms N           how long each waits at most (${defaults.waitMillis})
  --grace-ms N          how long running statements may finish after a signal (${defaults.graceMillis})
  --max-body-bytes N    largest body of a request, decompressed (${defaults.maxBodyBytes})
  --allow-unsafe-sql    let statements use file(), url(), INTO OUTFILE and the like
  --exit-with-parent    end when standard input closes
  --help                this text

The password of the user "default" is taken from WHENCE_CLICKHOUSE_PASSWORD; when unset, none is asked for.
UV_THREADPOOL_SIZE must be at least readers + writers + 6, set before Node starts.
`;

export type CommandLine =
  | { readonly status: 'help' }
  | { readonly status: 'faulty'; readonly faults: readonly string[] }
  | { readonly status: 'run'; readonly config: Config };

/** @param password from the environment, so that it shows in no list of processes */
export function readCommandLine(args: readonly string[], password: string): CommandLine {
  let values: Record<string, string | boolean | undefined>;
  try {
    values = parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    return { status: 'faulty', faults: [(error as Error).message.split('\n')[0] as string] };
  }
  if (values['help']) return { status: 'help' };
  const number = (name: string, fallback: number): number =>
    values[name] === undefined ? fallback : values[name] === '' ? Number.NaN : Number(values[name]);
  const config: Config = Object.freeze({
    dataDir: String(values['data-dir'] ?? ''),
    host: String(values['host'] ?? defaults.host),
    port: number('port', defaults.port),
    password,
    readers: number('readers', defaults.readers),
    writers: number('writers', defaults.writers),
    maxWaiting: number('max-waiting', defaults.maxWaiting),
    waitMillis: number('wait-ms', defaults.waitMillis),
    graceMillis: number('grace-ms', defaults.graceMillis),
    maxBodyBytes: number('max-body-bytes', defaults.maxBodyBytes),
    allowUnsafeSql: values['allow-unsafe-sql'] === true,
    exitWithParent: values['exit-with-parent'] === true,
  });
  const faults = faultsOf(config);
  return faults.length > 0 ? { status: 'faulty', faults } : { status: 'run', config };
}

const options = {
  'data-dir': { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  readers: { type: 'string' },
  writers: { type: 'string' },
  'max-waiting': { type: 'string' },
  'wait-ms': { type: 'string' },
  'grace-ms': { type: 'string' },
  'max-body-bytes': { type: 'string' },
  'allow-unsafe-sql': { type: 'boolean' },
  'exit-with-parent': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;
