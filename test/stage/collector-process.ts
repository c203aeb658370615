import { NODE_FLAGS } from '@whence/collector/node-flags';
import { eventually } from './eventually.ts';
import { type Ended, type ServiceProcess, serviceThatEnds, startService } from './service-process.ts';
import { temporaryDirectory } from './take-down.ts';

export interface CollectorOptions {
  /** @default one of its own */
  readonly dataDirectory?: string;
  /** @default an address at which nothing answers */
  readonly storeUrl?: string;
  readonly database?: string;
  readonly credentialsPath?: string;
  /** @default 0: any free one */
  readonly port?: number;
  /** Further `WHENCE_…` variables. */
  readonly environment?: NodeJS.ProcessEnv;
  /** See `Program`. */
  readonly faults?: readonly string[];
}

export interface CollectorProcess extends ServiceProcess {
  readonly dataDirectory: string;
}

/** An address at which nothing listens: port 1 is reserved and needs privileges. */
export const NO_STORE = 'http://127.0.0.1:1';

export const startCollector = async (options: CollectorOptions = {}): Promise<CollectorProcess> => {
  const dataDirectory = options.dataDirectory ?? temporaryDirectory();
  const service = await startService(programOf({ ...options, dataDirectory }));
  return { ...service, dataDirectory };
};

export const collectorThatEnds = (options: CollectorOptions = {}): Promise<Ended> =>
  serviceThatEnds(programOf({ ...options, dataDirectory: options.dataDirectory ?? temporaryDirectory() }));

/** Less than by default, since it is written anew for each. */
export const RESERVE_BYTES = 256 << 10;

const programOf = (options: CollectorOptions & { readonly dataDirectory: string }) => ({
  module: '@whence/collector/main',
  nodeFlags: NODE_FLAGS,
  ...(options.faults === undefined ? {} : { faults: options.faults }),
  environment: {
    WHENCE_DATA_DIR: options.dataDirectory,
    WHENCE_COLLECTOR_PORT: String(options.port ?? 0),
    WHENCE_COLLECTOR_GRPC_PORT: '0',
    WHENCE_CLICKHOUSE_URL: options.storeUrl ?? NO_STORE,
    WHENCE_CLICKHOUSE_DATABASE: options.database ?? 'whence',
    WHENCE_SPOOL_RESERVE_BYTES: String(RESERVE_BYTES),
    ...(options.credentialsPath === undefined ? {} : { WHENCE_CONFIG: options.credentialsPath }),
    ...options.environment,
  },
});

/** Resolves when the collector has reached the store. */
export const storeOpen = (collectorUrl: string): Promise<true> =>
  eventually(async () => {
    const { store } = (await (await fetch(`${collectorUrl}/readyz`)).json()) as { readonly store: string };
    return store === 'open';
  });

/** One value of the collector's `/metrics`, the series of a name added up; undefined where there is none. */
export const metricOf = async (url: string, name: string): Promise<number | undefined> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const values = text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
};
