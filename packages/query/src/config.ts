import { isLoopback, type TlsPaths, tlsPathsOf } from '@whence/identity';
import { urlsOf } from '@whence/store';

/** One variable of the environment. */
interface Variable {
  readonly name: string;
  readonly fallback?: string;
  /** @returns what is wrong with the value. */
  readonly fault?: (value: string) => string | undefined;
}

export interface QueryConfig {
  readonly clickhouseUrl: string;
  readonly clickhouseDatabase: string;
  readonly clickhouseUser: string;
  readonly clickhousePassword: string;
  /** PEM files; empty: none. */
  readonly clickhouseCa: string;
  readonly clickhouseCert: string;
  readonly clickhouseKey: string;
  readonly host: string;
  readonly port: number;
  /** Absent: in the clear. */
  readonly tls?: TlsPaths;
  /** Credentials file; absent: whoever reaches the service may ask. */
  readonly credentialsPath?: string;
  readonly tenant: string;
  readonly dataDirectory: string;
  /** What may wait for the store. */
  readonly spoolMaxBytes: number;
  readonly logLevel: string;
}

/** The values as they stand in the environment. */
type Texts = Record<
  Exclude<keyof QueryConfig, 'tls'> | 'tlsCert' | 'tlsKey' | 'tlsClientCa' | 'insecure' | 'open',
  string
>;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

const SPOOL_MIN_BYTES = 1 << 20;

const VARIABLES = {
  clickhouseUrl: { name: 'WHENCE_CLICKHOUSE_URL', fault: (value) => httpFault(value) },
  clickhouseDatabase: {
    name: 'WHENCE_CLICKHOUSE_DATABASE',
    fallback: 'whence',
    fault: (value) => (/^[A-Za-z_]\w{0,63}$/.test(value) ? undefined : 'letters, digits and _ only'),
  },
  clickhouseUser: { name: 'WHENCE_CLICKHOUSE_USER', fallback: 'default' },
  clickhousePassword: { name: 'WHENCE_CLICKHOUSE_PASSWORD', fallback: '' },
  clickhouseCa: { name: 'WHENCE_CLICKHOUSE_CA', fallback: '' },
  clickhouseCert: { name: 'WHENCE_CLICKHOUSE_CERT', fallback: '' },
  clickhouseKey: { name: 'WHENCE_CLICKHOUSE_KEY', fallback: '' },
  host: { name: 'WHENCE_QUERY_HOST', fallback: '127.0.0.1' },
  port: {
    name: 'WHENCE_QUERY_PORT',
    fallback: '4320',
    fault: (value) =>
      /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? undefined : 'a port is 0 to 65535',
  },
  credentialsPath: { name: 'WHENCE_CONFIG', fallback: '' },
  open: {
    name: 'WHENCE_QUERY_OPEN',
    fallback: '',
    fault: (value) => (['', 'true', 'false'].includes(value) ? undefined : 'true or false'),
  },
  tlsCert: { name: 'WHENCE_TLS_CERT', fallback: '' },
  tlsKey: { name: 'WHENCE_TLS_KEY', fallback: '' },
  tlsClientCa: { name: 'WHENCE_TLS_CLIENT_CA', fallback: '' },
  insecure: { name: 'WHENCE_INSECURE', fallback: '' },
  tenant: { name: 'WHENCE_TENANT', fallback: 'default' },
  dataDirectory: { name: 'WHENCE_QUERY_DATA_DIR', fallback: '.whence/query' },
  spoolMaxBytes: {
    name: 'WHENCE_QUERY_SPOOL_MAX_BYTES',
    fallback: '1073741824',
    fault: (value) =>
      /^\d{1,15}$/.test(value) && Number(value) >= SPOOL_MIN_BYTES
        ? undefined
        : `a whole number from ${SPOOL_MIN_BYTES}`,
  },
  logLevel: {
    name: 'LOG_LEVEL',
    fallback: 'info',
    fault: (value) => (LOG_LEVELS.includes(value) ? undefined : `one of ${LOG_LEVELS.join(', ')}`),
  },
} as const satisfies Record<keyof Texts, Variable>;

export type ReadConfig =
  | { readonly status: 'read'; readonly config: QueryConfig }
  /** Every fault, one line each. Values are not repeated: one may be a password. */
  | { readonly status: 'faulty'; readonly faults: readonly string[] };

/** An empty variable is one that is not set. */
export const readConfig = (env: Readonly<Record<string, string | undefined>>): ReadConfig => {
  const values: Record<string, string> = {};
  const faults: string[] = [];
  for (const [field, variable] of Object.entries(VARIABLES) as [string, Variable][]) {
    const value = env[variable.name] || variable.fallback;
    if (value === undefined) {
      faults.push(`${variable.name}: not set`);
      continue;
    }
    const fault = variable.fault?.(value);
    if (fault !== undefined) faults.push(`${variable.name}: ${fault}`);
    values[field] = value;
  }
  const { tlsCert, tlsKey, tlsClientCa, insecure, open, credentialsPath, ...texts } = values as Texts;
  const hostVariable = VARIABLES.host.name;
  const tls = tlsPathsOf(
    { host: texts.host, hostVariable, cert: tlsCert, key: tlsKey, clientCa: tlsClientCa, insecure },
    faults,
  );
  if (credentialsPath === '' && open !== 'true' && !isLoopback(texts.host)) {
    faults.push(
      `${hostVariable}="${texts.host}" would let everyone who reaches it read everything: set WHENCE_CONFIG to a credentials file, or WHENCE_QUERY_OPEN=true where that is meant`,
    );
  }
  if (faults.length > 0) return { status: 'faulty', faults };
  return {
    status: 'read',
    config: Object.freeze({
      ...texts,
      ...(tls === undefined ? {} : { tls }),
      ...(credentialsPath === '' ? {} : { credentialsPath }),
      port: Number(texts.port),
      spoolMaxBytes: Number(texts.spoolMaxBytes),
    }),
  };
};

const httpFault = (value: string): string | undefined => {
  try {
    urlsOf(value);
    return undefined;
  } catch {
    return 'an http or https address, or several: http://127.0.0.1:8123';
  }
};
