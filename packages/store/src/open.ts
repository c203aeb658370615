import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { migrate } from './migrations.ts';
import { StoreError } from './store-error.ts';

export interface StoreOptions {
  /** Base address of ClickHouse's HTTP interface: `http://127.0.0.1:8123`. */
  readonly url: string;
  /** @default "whence" */
  readonly database?: string;
  /** @default "default" */
  readonly username?: string;
  /** @default "" */
  readonly password?: string;
  /** Milliseconds. @default 30_000 */
  readonly requestTimeoutMillis?: number;
}

/** An open connection to ClickHouse, the schema in place. Everything else in this package works on one. */
export interface Store {
  readonly client: ClickHouseClient;
  readonly database: string;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

const DATABASE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/**
 * Connects, creates the database where it is missing, and brings its schema to this version.
 *
 * @throws StoreError `store_unavailable` where nothing answers at the address, `store_refused` where the server refuses,
 * `schema_mismatch` where the database is newer than this program.
 */
export const openStore = async (options: StoreOptions): Promise<Store> => {
  const { url, database = 'whence', username = 'default', password = '' } = options;
  if (!DATABASE_NAME.test(database)) {
    throw new StoreError('store_refused', `database name "${database}": letters, digits and _ only`);
  }
  const connection = {
    url,
    username,
    password,
    request_timeout: options.requestTimeoutMillis ?? 30_000,
    keep_alive: { idle_socket_ttl: 1_500 },
    clickhouse_settings: { date_time_input_format: 'best_effort' as const },
    // Failures are thrown; who catches them logs them.
    log: { level: ClickHouseLogLevel.OFF },
  };
  const setup = createClient({ ...connection, database: 'default' });
  try {
    await setup.command({ query: `CREATE DATABASE IF NOT EXISTS \`${database}\`` });
  } catch (error) {
    throw storeErrorOf(error, url);
  } finally {
    await setup.close();
  }
  const client = createClient({ ...connection, database, max_open_connections: 16 });
  try {
    await migrate(client);
  } catch (error) {
    await client.close();
    throw storeErrorOf(error, url);
  }
  return {
    client,
    database,
    ping: async () => (await client.ping()).success,
    close: () => client.close(),
  };
};

/** What a failed request to ClickHouse means for the caller: worth another try, or not. */
export const storeErrorOf = (error: unknown, url: string): StoreError => {
  if (error instanceof StoreError) return error;
  const text = error instanceof Error ? error.message || String(error) : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^\d+$/.test(code)
    ? new StoreError('store_refused', `ClickHouse at ${url} refused: code ${code}: ${text}`, { cause: error })
    : new StoreError('store_unavailable', `ClickHouse at ${url} does not answer: ${code || text}`, {
        cause: error,
      });
};
