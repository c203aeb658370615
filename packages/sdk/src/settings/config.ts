import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { SAMPLERS, samplerNamed } from './other-sampler.ts';

export const LOG_LEVELS = ['silent', 'warn', 'info'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** `full`: `traceparent` and `tracestate`. `run`: the run's reference alone, so that texts repeat within a run. */
export const SQL_COMMENTS = ['full', 'run', 'off'] as const;

export type SqlComments = (typeof SQL_COMMENTS)[number];

/** What is made of the trace context that a request comes with; see README.md. */
export const INBOUND_POLICIES = ['verified', 'link', 'discard'] as const;

export type InboundPolicy = (typeof INBOUND_POLICIES)[number];

/** Each overrides its environment variable. */
export interface WhenceOptions {
  /** Where runs are asked for: `http://127.0.0.1:4318`. Without one, runs are asserted. */
  readonly issuerUrl?: string;
  /** The workload's credential, for the issuer and for the OTLP receiver. */
  readonly key?: string;
  /** `service.name`. */
  readonly service?: string;
  /** What to say on stderr: nothing, what went wrong, or the start-up line too. */
  readonly log?: LogLevel;
  /** For traces outside of any run. Default: what `OTEL_TRACES_SAMPLER` says. */
  readonly sampler?: Sampler;
  /** What SQL statements carry in a comment. */
  readonly sqlComments?: SqlComments;
  /** Whether recorded statements keep literals. */
  readonly statementValues?: boolean;
  /** What is made of the trace context that a request comes with. */
  readonly inbound?: InboundPolicy;
  /** Hosts that may be sent more than an opaque reference (baggage, `Txn-Token`): `*.acme.internal`. Default: none. */
  readonly propagateTo?: readonly string[];
  /** Where spans wait that the receiver does not take; `false` for memory only. */
  readonly spoolDirectory?: string | false;
  readonly spoolMaxBytes?: number;
}

export interface SdkConfig {
  /** Without a trailing slash. */
  readonly issuerUrl: string | undefined;
  readonly key: string | undefined;
  readonly service: string | undefined;
  readonly log: LogLevel;
  /** For traces outside of any run. */
  readonly sampler: Sampler;
  readonly tracesExporter: 'otlp' | 'console' | 'none';
  readonly tracesProtocol: OtlpProtocol;
  readonly tracesEndpoint: string;
  readonly sendsKeyToExporter: boolean;
  /** Spans held until exported; further ones are dropped, counted and reported. */
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  readonly scheduledDelayMillis: number;
  /** Only where somebody asked for them: Whence takes traces. */
  readonly exportsMetrics: boolean;
  readonly exportsLogs: boolean;
  readonly sqlComments: SqlComments;
  readonly statementValues: boolean;
  readonly inbound: InboundPolicy;
  /** Lower case: host names, or `*.` and a suffix. */
  readonly propagateTo: readonly string[];
  /** Undefined where spans wait in memory only. */
  readonly spoolDirectory: string | undefined;
  readonly spoolMaxBytes: number;
  /** The parent of this process, as given by the one that started it. */
  readonly parent: { readonly traceparent: string; readonly tracestate?: string } | undefined;
}

export interface ReadConfig {
  readonly config: SdkConfig;
  /** One sentence each. A value at fault is as if it were not set: the SDK must not stop its host. */
  readonly faults: readonly string[];
}

type Env = Readonly<Record<string, string | undefined>>;

/** The variables read here; OpenTelemetry's own reader takes the other `OTEL_*` ones. README.md lists all of them. */
export const readConfig = (env: Env, options: WhenceOptions = {}): ReadConfig => {
  const faults: string[] = [];
  const text = (name: string): string | undefined => env[name]?.trim() || undefined;
  const fault = <T>(fallback: T, sentence: string): T => {
    faults.push(sentence);
    return fallback;
  };

  const oneOf = <const V extends string>(
    name: string,
    value: string | undefined,
    all: readonly V[],
    otherwise: V,
  ): V => {
    if (value === undefined) return otherwise;
    return (
      all.find((each) => each === value.toLowerCase()) ??
      fault(otherwise, `${name} is ${JSON.stringify(value)}, not ${all.join(', ')}: taken as ${otherwise}`)
    );
  };

  const count = (name: string, otherwise: number): number => {
    const value = text(name);
    if (value === undefined) return otherwise;
    return /^[1-9][0-9]{0,8}$/.test(value)
      ? Number(value)
      : fault(
          otherwise,
          `${name} is ${JSON.stringify(value)}, not a whole number above 0: taken as ${otherwise}`,
        );
  };

  const ratio = (name: string): number => {
    const value = Number(text(name) ?? 1);
    return value >= 0 && value <= 1 ? value : fault(1, `${name} is no number from 0 to 1: taken as 1`);
  };

  const httpUrl = (name: string, value: string | undefined): string | undefined => {
    if (value === undefined) return undefined;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    return url?.protocol === 'http:' || url?.protocol === 'https:'
      ? value.replace(/\/+$/, '')
      : fault(undefined, `${name} is no http or https address: ignored`);
  };

  const headerValue = (name: string, value: string | undefined): string | undefined => {
    if (value === undefined) return undefined;
    return /^[\x21-\x7e]+$/.test(value)
      ? value
      : fault(undefined, `${name} has characters that no HTTP header carries: ignored`);
  };

  const flag = (name: string, otherwise: boolean): boolean =>
    oneOf(name, text(name), ['true', 'false'], `${otherwise}`) === 'true';

  const hosts = (name: string, given: readonly string[]): readonly string[] =>
    given
      .map((host) => host.trim().toLowerCase())
      .filter((host) => host !== '')
      .filter(
        (host) =>
          HOST_PATTERN.test(host) ||
          fault(false, `${name} has ${JSON.stringify(host)}, which is no host name or *.suffix: ignored`),
      );

  const named = text('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? text('OTEL_EXPORTER_OTLP_PROTOCOL');
  const protocol = oneOf('OTEL_EXPORTER_OTLP_PROTOCOL', named, OTLP_PROTOCOLS, 'http/protobuf');

  const maxQueueSize = count('OTEL_BSP_MAX_QUEUE_SIZE', MAX_QUEUE_SIZE);
  const key = headerValue('WHENCE_KEY', options.key ?? text('WHENCE_KEY'));
  const traceparent = text('TRACEPARENT');
  const tracestate = text('TRACESTATE');

  const issuerUrl = httpUrl('WHENCE_ISSUER_URL', options.issuerUrl ?? text('WHENCE_ISSUER_URL'));
  const endpoint = usable(protocol, tracesEndpoint(text, protocol, issuerUrl), fault);
  const wantsKey = key !== undefined && !hasAuthorization(text);
  const mayHaveKey = isOurs(endpoint, issuerUrl);
  if (wantsKey && !mayHaveKey) {
    fault(
      undefined,
      `WHENCE_KEY is not sent to ${endpoint}, which is neither the issuer's host nor this machine: ` +
        'if it is a Whence collector, give the key in OTEL_EXPORTER_OTLP_HEADERS',
    );
  }

  const config: SdkConfig = {
    issuerUrl,
    key,
    service: options.service,
    log: oneOf('WHENCE_LOG', options.log ?? text('WHENCE_LOG'), LOG_LEVELS, 'info'),
    sampler:
      options.sampler ??
      samplerNamed(
        oneOf('OTEL_TRACES_SAMPLER', text('OTEL_TRACES_SAMPLER'), SAMPLERS, 'parentbased_always_on'),
        ratio('OTEL_TRACES_SAMPLER_ARG'),
      ),
    tracesExporter: oneOf('OTEL_TRACES_EXPORTER', text('OTEL_TRACES_EXPORTER'), EXPORTERS, 'otlp'),
    tracesProtocol: protocol,
    tracesEndpoint: endpoint,
    sendsKeyToExporter: wantsKey && mayHaveKey,
    maxQueueSize,
    maxExportBatchSize: Math.min(count('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512), maxQueueSize),
    scheduledDelayMillis: count('OTEL_BSP_SCHEDULE_DELAY', 1000),
    exportsMetrics: text('OTEL_METRICS_EXPORTER') !== undefined,
    exportsLogs: text('OTEL_LOGS_EXPORTER') !== undefined,
    sqlComments: oneOf(
      'WHENCE_SQL_COMMENTS',
      options.sqlComments ?? text('WHENCE_SQL_COMMENTS'),
      SQL_COMMENTS,
      'full',
    ),
    statementValues: options.statementValues ?? flag('WHENCE_STATEMENT_VALUES', false),
    inbound: oneOf('WHENCE_INBOUND', options.inbound ?? text('WHENCE_INBOUND'), INBOUND_POLICIES, 'verified'),
    propagateTo: hosts(
      'WHENCE_PROPAGATE_TO',
      options.propagateTo ?? text('WHENCE_PROPAGATE_TO')?.split(',') ?? [],
    ),
    spoolDirectory: spoolDirectory(options.spoolDirectory ?? text('WHENCE_SPOOL_DIR')),
    spoolMaxBytes: options.spoolMaxBytes ?? count('WHENCE_SPOOL_MAX_BYTES', SPOOL_MAX_BYTES),
    parent:
      traceparent === undefined
        ? undefined
        : { traceparent, ...(tracestate === undefined ? {} : { tracestate }) },
  };
  return { config: Object.freeze(config), faults };
};

/** Some 50 MB at worst. OpenTelemetry's 2,048 loses most of a burst. */
const MAX_QUEUE_SIZE = 32_768;

/** Some 200,000 spans. */
const SPOOL_MAX_BYTES = 64 << 20;

/** `off` or `false` for none. */
const spoolDirectory = (given: string | false | undefined): string | undefined => {
  if (given === false || given === 'off' || given === 'false') return undefined;
  return given ?? join(tmpdir(), `whence-spool-${userInfo().uid}`);
};

const HOST_PATTERN = /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$|^\[[0-9a-f:]+\]$/;

const OTLP_PROTOCOLS = ['http/protobuf', 'grpc'] as const;

export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];

const EXPORTERS = ['otlp', 'console', 'none'] as const;

type Text = (name: string) => string | undefined;

/** Where nobody says: the issuer, which is a collector. */
const tracesEndpoint = (text: Text, protocol: OtlpProtocol, issuerUrl: string | undefined): string => {
  const own = text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const all = text('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (protocol === 'grpc') return own ?? all ?? grpcBeside(issuerUrl ?? 'http://localhost:4318');
  return own ?? `${(all ?? issuerUrl ?? 'http://localhost:4318').replace(/\/+$/, '')}/v1/traces`;
};

/** gRPC also takes a target without a scheme. */
const usable = (
  protocol: OtlpProtocol,
  url: string,
  fault: <T>(fallback: T, sentence: string) => T,
): string =>
  protocol === 'grpc' || /^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')
    ? url
    : fault(
        DEFAULT_ENDPOINT,
        `OTEL_EXPORTER_OTLP_ENDPOINT gives ${JSON.stringify(url)}, which is no http or https address: ${DEFAULT_ENDPOINT} is used`,
      );

const DEFAULT_ENDPOINT = 'http://localhost:4318/v1/traces';

/** The port that OTLP has for it. */
const grpcBeside = (url: string): string => {
  const { protocol, hostname } = new URL(url);
  return `${protocol}//${hostname}:4317`;
};

/** A key is a secret: it goes to the issuer's host and to this machine, never to whoever else takes the traces. */
const isOurs = (endpoint: string, issuerUrl: string | undefined): boolean => {
  if (!URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return true;
  return issuerUrl !== undefined && new URL(issuerUrl).hostname === hostname;
};

const hasAuthorization = (text: Text): boolean =>
  ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'].some((name) =>
    /(^|,)\s*authorization\s*=/i.test(text(name) ?? ''),
  );
