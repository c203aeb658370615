import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { createSecureContext } from 'node:tls';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { migrate } from './migrations.ts';
import { StoreError } from './store-error.ts';

export const COMPRESSIONS = ['auto', 'none', 'zstd', 'gzip'] as const;
/** Of what is sent. `auto`: zstd, but nothing on loopback. */
export type Compression = (typeof COMPRESSIONS)[number];

/** PEM files. */
export interface StoreTls {
  /** Whom to trust; absent: whom Node trusts. */
  readonly ca?: string;
  /** Ours, with its key. */
  readonly cert?: string;
  readonly key?: string;
}

export interface StoreOptions {
  /**
   * Base address of ClickHouse's HTTP interface: `http://127.0.0.1:8123`. Several, separated by commas, are ways to one
   * set of rows: a server, or replicas of each other.
   */
  readonly url: string;
  /** @default "whence" */
  readonly database?: string;
  /** @default "default" */
  readonly username?: string;
  /** @default "" */
  readonly password?: string;
  /** Milliseconds. @default 30_000 */
  readonly requestTimeoutMillis?: number;
  readonly tls?: StoreTls;
  /** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` in it count, but not for loopback. @default none */
  readonly proxyEnv?: NodeJS.ProcessEnv;
  /** @default "auto" */
  readonly compression?: Compression;
}

/** One way to the store. */
export interface Address {
  readonly origin: string;
  readonly client: ClickHouseClient;
  /** The database is there, its schema is this version's. Asked of the server once. */
  open(): Promise<void>;
}

const DATABASE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const CONNECTIONS = 16;
/** Measured: docs/decisions/010. */
const LEVEL = 1;

/** @throws StoreError `options_invalid`. */
export const addressesOf = (options: StoreOptions): readonly Address[] => {
  const { database = 'whence' } = options;
  if (!DATABASE_NAME.test(database)) invalid(`database name "${database}": letters, digits and _ only`);
  const tls = readTls(options.tls ?? {});
  return urlsOf(options.url).map((url) => addressOf(url, database, options, tls));
};

/** For who would rather know before anything is opened. @throws StoreError `options_invalid`. */
export const checkStoreOptions = (options: StoreOptions): void => void addressesOf(options);

/** @throws StoreError `options_invalid`. */
export const urlsOf = (text: string): readonly URL[] =>
  text.split(',').map((each) => {
    const url = URL.canParse(each.trim()) ? new URL(each.trim()) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      return invalid('not an http or https address, such as http://127.0.0.1:8123');
    }
    return url;
  });

const addressOf = (url: URL, database: string, options: StoreOptions, tls: https.AgentOptions): Address => {
  const { username = 'default', password = '', compression = 'auto' } = options;
  const local = LOOPBACK.test(url.hostname);
  const codec = compression === 'auto' ? (local ? 'none' : 'zstd') : compression;
  // The server takes either a password or the certificate as proof of who this is.
  const byCertificate = url.protocol === 'https:' && tls.cert !== undefined && password === '';
  const common = {
    url,
    username,
    password,
    request_timeout: options.requestTimeoutMillis ?? 30_000,
    keep_alive: { idle_socket_ttl: 1_500 },
    clickhouse_settings: { date_time_input_format: 'best_effort' as const },
    compression: { request: codec === 'none' ? false : { codec, level: LEVEL } },
    // Failures are thrown; who catches them logs them.
    log: { level: ClickHouseLogLevel.OFF },
    ...(byCertificate
      ? {
          set_basic_auth_header: false,
          http_headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-SSL-Certificate-Auth': 'on' },
        }
      : {}),
  };
  const agent = (): http.Agent => agentOf(url, tls, local ? undefined : options.proxyEnv);
  const client = createClient({ ...common, database, http_agent: agent() });

  const setUp = async (): Promise<void> => {
    const setup = createClient({ ...common, database: 'default', http_agent: agent() });
    try {
      await setup.command({ query: `CREATE DATABASE IF NOT EXISTS \`${database}\`` });
    } finally {
      await setup.close();
    }
    await migrate(client);
  };
  let opened: Promise<void> | undefined;
  return {
    origin: url.origin,
    client,
    open: () => {
      opened ??= setUp().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return opened;
    },
  };
};

/** The client's own agents know no proxy, and take a certificate only in place of a password. */
const agentOf = (url: URL, tls: https.AgentOptions, proxyEnv: NodeJS.ProcessEnv | undefined): http.Agent => {
  const options = {
    keepAlive: true,
    maxSockets: CONNECTIONS,
    ...(proxyEnv === undefined ? {} : { proxyEnv }),
  };
  return url.protocol === 'https:' ? new https.Agent({ ...options, ...tls }) : new http.Agent(options);
};

const readTls = ({ ca, cert, key }: StoreTls): https.AgentOptions => {
  if ((cert === undefined) !== (key === undefined))
    invalid('a client certificate needs its key, and a key its certificate');
  const tls = {
    ...(ca === undefined ? {} : { ca: readPem(ca) }),
    ...(cert === undefined ? {} : { cert: readPem(cert) }),
    ...(key === undefined ? {} : { key: readPem(key) }),
  };
  try {
    createSecureContext(tls);
  } catch (cause) {
    invalid(`${[ca, cert, key].filter(Boolean).join(', ')} cannot be used: ${(cause as Error).message}`);
  }
  return tls;
};

const readPem = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    return invalid(`${path} cannot be read: ${(cause as Error).message}`);
  }
};

const invalid = (what: string): never => {
  throw new StoreError('options_invalid', `ClickHouse: ${what}`);
};
