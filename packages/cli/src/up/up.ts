import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbedded } from '@whence/clickhouse-embedded';
import { NODE_FLAGS } from '@whence/collector/node-flags';
import { CliError } from '../cli-error.ts';
import { type ServiceProcess, startService } from './service-process.ts';

export interface UpOptions {
  /** Everything that is kept lies in it. */
  readonly dataDir: string;
  /** Credentials file. */
  readonly configPath: string;
  /** 0: any free port. @default 8123, 4318, 4317 (any free one where `collector` is 0), 4320 */
  readonly ports?: {
    readonly clickhouse?: number;
    readonly collector?: number;
    readonly grpc?: number | 'off';
    readonly query?: number;
  };
  /** A ClickHouse server to use instead of the embedded one. */
  readonly clickhouse?: {
    readonly url: string;
    readonly username?: string;
    readonly password?: string;
    readonly database?: string;
  };
  /** What the services see of the environment, beside what is set for them. */
  readonly environment: NodeJS.ProcessEnv;
  /** Told, in one line each, of what came up and where. */
  readonly onLine: (line: string) => void;
}

export interface Up {
  readonly clickhouse: { readonly url: string };
  readonly collector: { readonly url: string };
  readonly query: { readonly url: string };
  /** Resolves with who ended and how, when a service ends by itself. */
  readonly failed: Promise<string>;
  /** Ends all in reverse order: nothing that was acknowledged is lost. */
  stop(): Promise<void>;
}

/** The embedded store asks for nobody. A login in the environment is for another server. */
const EMBEDDED_LOGIN = { WHENCE_CLICKHOUSE_USER: '', WHENCE_CLICKHOUSE_PASSWORD: '' };

/**
 * Starts the store, the collector with its issuer, and the query service, each a process of its own, in the order of
 * need. What was started is stopped again where a later one fails.
 *
 * @throws CliError `unavailable` with the one line in which a service said why it could not start.
 */
export const up = async (options: UpOptions): Promise<Up> => {
  const { dataDir, configPath, ports = {}, onLine, environment } = options;
  await prepare(dataDir);
  const started: { name: string; ended: Promise<string>; stop: () => Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const service of started.reverse()) await service.stop();
    started.length = 0;
  };
  const service = async (
    name: string,
    module: string,
    variables: NodeJS.ProcessEnv,
    nodeFlags: readonly string[] = [],
  ): Promise<ServiceProcess> => {
    const logPath = join(dataDir, `${name}.log`);
    const process = await startService({
      name,
      module,
      nodeFlags,
      environment: { ...environment, ...variables },
      logPath,
    });
    started.push({ name, ...process });
    return process;
  };
  try {
    const clickhouse = options.clickhouse ?? (await startStore(dataDir, ports.clickhouse ?? 8123, started));
    onLine(`ClickHouse  ${clickhouse.url}${options.clickhouse === undefined ? '  (embedded)' : ''}`);
    const store = {
      WHENCE_CLICKHOUSE_URL: clickhouse.url,
      ...(options.clickhouse === undefined ? EMBEDDED_LOGIN : {}),
      ...given('WHENCE_CLICKHOUSE_USER', options.clickhouse?.username),
      ...given('WHENCE_CLICKHOUSE_PASSWORD', options.clickhouse?.password),
      ...given('WHENCE_CLICKHOUSE_DATABASE', options.clickhouse?.database),
    };
    const receiving = {
      ...store,
      WHENCE_CONFIG: configPath,
      WHENCE_DATA_DIR: join(dataDir, 'collector'),
      WHENCE_COLLECTOR_PORT: String(ports.collector ?? 4318),
      ...given('WHENCE_COLLECTOR_GRPC_PORT', ports.grpc?.toString()),
    };
    const collector = await service('collector', '@whence/collector/main', receiving, NODE_FLAGS);
    const grpc = collector.grpcAddress === undefined ? '' : `, OTLP/gRPC at ${collector.grpcAddress}`;
    onLine(`Collector   ${collector.url}  (OTLP/HTTP and issuer${grpc})`);
    const query = await service('query', '@whence/query/main', {
      ...store,
      WHENCE_CONFIG: configPath,
      WHENCE_QUERY_DATA_DIR: join(dataDir, 'query'),
      WHENCE_QUERY_PORT: String(ports.query ?? 4320),
    });
    onLine(`Query       ${query.url}`);
    const failed = Promise.race(started.map(({ name, ended }) => ended.then((how) => `${name} ${how}`)));
    return { clickhouse, collector, query, failed, stop };
  } catch (error) {
    await stop();
    throw error instanceof CliError ? error : new CliError('unavailable', reasonOf(error));
  }
};

const startStore = async (
  dataDir: string,
  port: number,
  started: { name: string; ended: Promise<string>; stop: () => Promise<void> }[],
): Promise<{ readonly url: string }> => {
  const embedded = await startEmbedded({ dataDir: join(dataDir, 'clickhouse'), port });
  const ended = embedded.exited.then(({ code, signal }) => `ended with ${signal ?? `code ${code}`}`);
  started.push({ name: 'embedded ClickHouse', ended, stop: () => embedded.stop() });
  return { url: embedded.url };
};

const prepare = async (dataDir: string): Promise<void> => {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CliError('unavailable', `data directory ${dataDir} cannot be used: ${reasonOf(error)}`);
  }
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const given = (name: string, value: string | undefined): NodeJS.ProcessEnv =>
  value === undefined ? {} : { [name]: value };
