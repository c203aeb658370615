import { type TlsPaths, TOKEN_LIFETIME_MAX, TOKEN_LIFETIME_MIN, tlsPathsOf } from '@whence/identity';
import {
  COMPRESSIONS,
  type Compression,
  type Retention,
  readRetention,
  type StoreOptions,
  urlsOf,
} from '@whence/store';
import { CollectorError } from './collector-error.ts';

export interface CollectorConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** OTLP/gRPC; 0: any free port; absent: not served. */
  readonly grpcPort?: number;
  /** Of both ports; absent: in the clear. */
  readonly tls?: TlsPaths;
  readonly dataDirectory: string;
  /** Credentials file; without one every sender is anonymous and no run can be started. */
  readonly credentialsPath?: string;
  /** Of a Transaction Token. */
  readonly tokenLifetimeSeconds: number;
  readonly store: StoreOptions;
  /** For how long the store is to keep what; absent: it is left as it is. */
  readonly retention?: Retention;
  /** A second OTLP/HTTP endpoint that gets the same; absent: none. */
  readonly forward?: { readonly endpoint: string; readonly headers: Readonly<Record<string, string>> };
  readonly bodyMaxBytes: number;
  /** Of all bodies that are in memory at a time. */
  readonly bodiesMaxBytes: number;
  readonly spoolMaxBytes: number;
  /** Kept occupied on the disk of the spool, to be given back when it is full; 0: none. */
  readonly spoolReserveBytes: number;
  /** Of each tenant, in inflated bytes; absent: none. */
  readonly tenantLimit?: { readonly bytesPerSecond: number; readonly burstBytes: number };
  readonly segmentMaxBytes: number;
  readonly segmentMaxAgeMillis: number;
  readonly credentialUsesMillis: number;
  readonly shutdownGraceMillis: number;
  readonly logLevel: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export interface Variable {
  readonly name: string;
  readonly says: string;
  readonly default: string;
}

const variable = (name: string, fallback: string, says: string): Variable => ({
  name,
  default: fallback,
  says,
});

/** Every environment variable that the collector reads. */
export const COLLECTOR_VARIABLES = {
  host: variable('WHENCE_COLLECTOR_HOST', '127.0.0.1', 'address to listen on'),
  port: variable('WHENCE_COLLECTOR_PORT', '4318', 'OTLP/HTTP and issuer port; 0: any free one'),
  grpcPort: variable(
    'WHENCE_COLLECTOR_GRPC_PORT',
    '4317',
    'OTLP/gRPC port; 0: any free one (as where the other port is 0); off: not served',
  ),
  tlsCert: variable('WHENCE_TLS_CERT', '', 'certificate chain of both ports (PEM file); none: in the clear'),
  tlsKey: variable('WHENCE_TLS_KEY', '', 'its private key (PEM file)'),
  tlsClientCa: variable(
    'WHENCE_TLS_CLIENT_CA',
    '',
    'CAs of client certificates (PEM file); none: not asked for',
  ),
  insecure: variable('WHENCE_INSECURE', '', 'true: another address than loopback may be served in the clear'),
  dataDirectory: variable('WHENCE_DATA_DIR', '.whence/collector', 'spool and keys; one process owns it'),
  credentialsPath: variable('WHENCE_CONFIG', '', 'credentials file (YAML); none: senders are anonymous'),
  tokenLifetime: variable(
    'WHENCE_TXN_TOKEN_SECONDS',
    '300',
    'how long a Transaction Token lives, from 30 to 3600',
  ),
  storeUrl: variable(
    'WHENCE_CLICKHOUSE_URL',
    'http://127.0.0.1:8123',
    "ClickHouse's HTTP interface; several addresses of one: a,b",
  ),
  storeDatabase: variable('WHENCE_CLICKHOUSE_DATABASE', 'whence', 'database, created where it is missing'),
  storeUser: variable('WHENCE_CLICKHOUSE_USER', 'default', 'user'),
  storePassword: variable('WHENCE_CLICKHOUSE_PASSWORD', '', 'password'),
  storeCa: variable('WHENCE_CLICKHOUSE_CA', '', 'CAs of its certificate (PEM file); none: the usual ones'),
  storeCert: variable(
    'WHENCE_CLICKHOUSE_CERT',
    '',
    'client certificate (PEM file); a login without a password',
  ),
  storeKey: variable('WHENCE_CLICKHOUSE_KEY', '', 'its private key (PEM file)'),
  storeCompression: variable(
    'WHENCE_CLICKHOUSE_COMPRESSION',
    'auto',
    'of what is sent: none, zstd, gzip; auto: zstd, none on loopback',
  ),
  retention: variable(
    'WHENCE_RETENTION',
    '',
    'how long the store keeps what: spans=30d,runs=400d,causes=400d; none: as it was told before, at first for ever',
  ),
  httpsProxy: variable('HTTPS_PROXY', '', 'proxy to an https ClickHouse; HTTP_PROXY to one in the clear'),
  noProxy: variable('NO_PROXY', '', 'hosts that are reached without it; loopback always is'),
  forwardUrl: variable(
    'WHENCE_FORWARD_URL',
    '',
    'a second OTLP/HTTP endpoint that gets the same, attributed',
  ),
  forwardHeaders: variable('WHENCE_FORWARD_HEADERS', '', 'headers for it: name=value,… (values URL-encoded)'),
  bodyMaxBytes: variable(
    'WHENCE_BODY_MAX_BYTES',
    '67108864',
    'largest request body, before and after inflating',
  ),
  bodiesMaxBytes: variable(
    'WHENCE_BODIES_MAX_BYTES',
    '134217728',
    'all request bodies that are in memory at a time; more gets 503',
  ),
  spoolMaxBytes: variable('WHENCE_SPOOL_MAX_BYTES', '10737418240', 'spool size at which senders get 503'),
  spoolReserveBytes: variable(
    'WHENCE_SPOOL_RESERVE_BYTES',
    '33554432',
    'kept of the disk, to be given back when it is full; 0: none',
  ),
  tenantBytesPerSecond: variable(
    'WHENCE_TENANT_BYTES_PER_SECOND',
    '0',
    'what each tenant may send, inflated; more gets 429; 0: no limit',
  ),
  segmentMaxBytes: variable('WHENCE_SEGMENT_MAX_BYTES', '16777216', 'size at which a batch is sent'),
  segmentMaxAgeMillis: variable('WHENCE_SEGMENT_MAX_AGE_MILLIS', '250', 'age at which a batch is sent'),
  credentialUsesMillis: variable(
    'WHENCE_CREDENTIAL_USES_MILLIS',
    '60000',
    'how often uses of credentials are written down',
  ),
  shutdownGraceMillis: variable(
    'WHENCE_SHUTDOWN_GRACE_MILLIS',
    '5000',
    'time to ship what is left on SIGTERM',
  ),
  logLevel: variable('LOG_LEVEL', 'info', 'trace, debug, info, warn, error, fatal, silent'),
} as const satisfies Record<string, Variable>;

/** @throws CollectorError `config_invalid` that lists every fault. */
export const readCollectorConfig = (env: Environment): CollectorConfig => {
  const faults: string[] = [];
  const text = (of: Variable): string => env[of.name] || of.default;
  const integer = (of: Variable, min: number, max: number): number => {
    const value = Number(text(of));
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      faults.push(`${of.name}="${text(of)}": a whole number from ${min} to ${max}`);
    }
    return value;
  };
  const V = COLLECTOR_VARIABLES;
  const credentialsPath = text(V.credentialsPath);
  const bodyMaxBytes = integer(V.bodyMaxBytes, 1024, 2 ** 30);
  const bytesPerSecond = integer(V.tenantBytesPerSecond, 0, 2 ** 40);
  const retention = retentionOf(text(V.retention), faults);
  const forward = forwardOf(text(V.forwardUrl), text(V.forwardHeaders), faults);
  const port = integer(V.port, 0, 65_535);
  const grpcPort = grpcPortOf(env[V.grpcPort.name], port, () => integer(V.grpcPort, 0, 65_535));
  const host = text(V.host);
  const tls = tlsPathsOf(
    {
      host,
      hostVariable: V.host.name,
      cert: text(V.tlsCert),
      key: text(V.tlsKey),
      clientCa: text(V.tlsClientCa),
      insecure: text(V.insecure),
    },
    faults,
  );
  const config: CollectorConfig = {
    host,
    port,
    ...(tls === undefined ? {} : { tls }),
    ...(grpcPort === undefined ? {} : { grpcPort }),
    dataDirectory: text(V.dataDirectory),
    ...(credentialsPath === '' ? {} : { credentialsPath }),
    tokenLifetimeSeconds: integer(V.tokenLifetime, TOKEN_LIFETIME_MIN, TOKEN_LIFETIME_MAX),
    store: storeOf(env, text, faults),
    ...(retention === undefined ? {} : { retention }),
    ...(forward === undefined ? {} : { forward }),
    bodyMaxBytes,
    bodiesMaxBytes: integer(V.bodiesMaxBytes, 2 ** 20, 2 ** 40),
    ...(bytesPerSecond === 0
      ? {}
      : { tenantLimit: { bytesPerSecond, burstBytes: Math.max(bytesPerSecond, bodyMaxBytes) } }),
    spoolMaxBytes: integer(V.spoolMaxBytes, 2 ** 20, 2 ** 50),
    spoolReserveBytes: integer(V.spoolReserveBytes, 0, 2 ** 40),
    segmentMaxBytes: integer(V.segmentMaxBytes, 2 ** 16, 2 ** 28),
    segmentMaxAgeMillis: integer(V.segmentMaxAgeMillis, 1, 60_000),
    credentialUsesMillis: integer(V.credentialUsesMillis, 10, 3_600_000),
    shutdownGraceMillis: integer(V.shutdownGraceMillis, 0, 600_000),
    logLevel: text(V.logLevel),
  };
  if (faults.length > 0) throw new CollectorError('config_invalid', faults.join('; '));
  return Object.freeze(config);
};

const grpcPortOf = (text: string | undefined, httpPort: number, parse: () => number): number | undefined => {
  if (text === 'off') return undefined;
  return httpPort === 0 && (text ?? '') === '' ? 0 : parse();
};

/** Which is which, and what each means, Node knows. */
const PROXY_VARIABLE = /^(?:https?|no)_proxy$/i;

const storeOf = (
  env: Environment,
  text: (of: Variable) => string,
  faults: string[],
): CollectorConfig['store'] => {
  const V = COLLECTOR_VARIABLES;
  const url = text(V.storeUrl);
  try {
    urlsOf(url);
  } catch {
    // Its value may hold a password.
    faults.push(
      `${V.storeUrl.name}: an http or https address such as ${V.storeUrl.default}, or several: a,b`,
    );
  }
  const compression = text(V.storeCompression);
  if (!(COMPRESSIONS as readonly string[]).includes(compression)) {
    faults.push(`${V.storeCompression.name}="${compression}": one of ${COMPRESSIONS.join(', ')}`);
  }
  const path = (name: 'ca' | 'cert' | 'key', of: Variable) => (text(of) === '' ? {} : { [name]: text(of) });
  return {
    url,
    database: text(V.storeDatabase),
    username: text(V.storeUser),
    password: text(V.storePassword),
    tls: { ...path('ca', V.storeCa), ...path('cert', V.storeCert), ...path('key', V.storeKey) },
    proxyEnv: Object.fromEntries(Object.entries(env).filter(([name]) => PROXY_VARIABLE.test(name))),
    compression: compression as Compression,
  };
};

const retentionOf = (text: string, faults: string[]): Retention | undefined => {
  if (text === '') return undefined;
  const read = readRetention(text);
  if (read.status === 'read') return read.retention;
  faults.push(...read.faults.map((fault) => `${COLLECTOR_VARIABLES.retention.name}: ${fault}`));
  return undefined;
};

const forwardOf = (url: string, headers: string, faults: string[]): CollectorConfig['forward'] => {
  if (url === '') return undefined;
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    faults.push(`${COLLECTOR_VARIABLES.forwardUrl.name}: an http or https address`);
  }
  const pairs = headers.split(',').filter((pair) => pair.trim() !== '');
  if (!pairs.every((pair) => /^\s*[A-Za-z0-9-]+\s*=/.test(pair))) {
    faults.push(`${COLLECTOR_VARIABLES.forwardHeaders.name}: name=value, separated by commas`);
  }
  return { endpoint: url, headers: Object.fromEntries(pairs.map(headerOf)) };
};

/** As in OTEL_EXPORTER_OTLP_HEADERS. */
const headerOf = (pair: string): [string, string] => {
  const at = pair.indexOf('=');
  const value = pair.slice(at + 1).trim();
  return [pair.slice(0, at).trim(), URL.canParse(`x:${value}`) ? decodeURIComponent(value) : value];
};
