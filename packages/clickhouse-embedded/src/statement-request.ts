import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { clickHouseError } from './clickhouse-error.ts';
import type { RequestParameters } from './request-parameters.ts';

/** What a request asks beside the statement itself. */
export interface StatementRequest {
  readonly queryId: string;
  /** `?query=`, as latin1; empty when the statement is in the body. */
  readonly urlQuery: string;
  readonly database: string | undefined;
  readonly defaultFormat: string;
  /** Values of `{name:Type}`, by name. */
  readonly params: ReadonlyMap<string, string>;
  /** Settings of the engine, by name. */
  readonly settings: ReadonlyMap<string, string>;
  /** A GET may only read. */
  readonly readonly: boolean;
  /** Send nothing before everything is known: no failure can follow a 200. */
  readonly whole: boolean;
  /** `enable_http_compression`. */
  readonly compress: boolean;
  /** `client_protocol_version`, which native clients send; 0 for none. */
  readonly protocolVersion: number;
}

/** Parameters that speak to the HTTP interface and are no settings of the engine. */
const interfaceParameters = new Set(
  `query query_id database default_format user password quota_key client_protocol_version wait_end_of_query
  enable_http_compression http_zlib_compression_level send_progress_in_http_headers buffer_size stacktrace
  http_headers_progress_interval_ms compress decompress session_id session_timeout session_check role
  cancel_http_readonly_queries_on_client_close add_http_cors_header close_session`.split(/\s+/),
);

/** What ClickHouse has and this server has not: parameter, the values that ask for it, error, and why. */
const refused = [
  [
    'session_id',
    /./,
    'NOT_IMPLEMENTED',
    'HTTP sessions are not supported by the embedded server: each statement is on its own, send its settings along with it',
  ],
  [
    'compress',
    /^(1|true)$/i,
    'NOT_IMPLEMENTED',
    "compress=1 (ClickHouse's own block compression) is not supported, use HTTP compression",
  ],
  [
    'decompress',
    /^(1|true)$/i,
    'NOT_IMPLEMENTED',
    "decompress=1 (ClickHouse's own block compression) is not supported, use Content-Encoding",
  ],
  ['role', /./, 'UNKNOWN_ROLE', 'There are no roles in the embedded server'],
] as const;

/** @throws ClickHouseError naming the parameter that is malformed or not supported */
export function readStatementRequest(message: IncomingMessage, raw: RequestParameters): StatementRequest {
  for (const [name, values, error, reason] of refused) {
    if (values.test(raw.get(name) ?? '')) throw clickHouseError(error, reason);
  }
  const text = (name: string): string | undefined => {
    const value = raw.get(name);
    return value === undefined ? undefined : toText(value, `parameter ${name}`);
  };
  const params = new Map<string, string>();
  const settings = new Map<string, string>();
  for (const name of raw.keys()) {
    if (interfaceParameters.has(name)) continue;
    const isParam = name.startsWith('param_');
    const key = isParam ? name.slice('param_'.length) : name;
    if (!/^[A-Za-z_]\w*$/.test(key)) throw clickHouseError('UNKNOWN_SETTING', `Unknown setting '${key}'`);
    (isParam ? params : settings).set(key, text(name) ?? '');
  }
  const header = (name: string): string | undefined => message.headers[name] as string | undefined;
  return {
    queryId: text('query_id') || randomUUID(),
    urlQuery: raw.get('query') ?? '',
    database: text('database') || header('x-clickhouse-database') || undefined,
    defaultFormat: text('default_format') || header('x-clickhouse-format') || 'TabSeparated',
    params,
    settings,
    readonly: message.method === 'GET' || message.method === 'HEAD',
    whole: isOn(raw.get('wait_end_of_query')),
    compress: isOn(raw.get('enable_http_compression')),
    protocolVersion: Number(raw.get('client_protocol_version') ?? 0),
  };
}

/**
 * Bytes held as latin1, read as the UTF-8 that the engine takes.
 * @throws ClickHouseError BAD_ARGUMENTS when they are none: nothing is ever replaced silently
 */
export function toText(bytes: string, what: string): string {
  const buffer = Buffer.from(bytes, 'latin1');
  if (!isUtf8(buffer)) {
    throw clickHouseError(
      'BAD_ARGUMENTS',
      `The ${what} is not valid UTF-8; send binary values as data, or hex-encoded`,
    );
  }
  return buffer.toString('utf8');
}

function isOn(value: string | undefined): boolean {
  return value === '1' || value?.toLowerCase() === 'true';
}
