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
  readonly tenant: string;
  /** File of rules of findings; empty: as they are by default. */
  readonly findingsRules: string;
  /** Seconds between two rounds of looking; 0: none here. */
  readonly findingsSeconds: number;
  /** File of receivers of findings; empty: nobody is told. */
  readonly webhooks: string;
  readonly logLevel: string;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

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
  tenant: { name: 'WHENCE_TENANT', fallback: 'default' },
  findingsRules: { name: 'WHENCE_FINDINGS_RULES', fallback: '' },
  findingsSeconds: {
    name: 'WHENCE_FINDINGS_SECONDS',
    fallback: '60',
    fault: (value) =>
      value === '0' || (/^\d{1,5}$/.test(value) && Number(value) >= 5)
        ? undefined
        : 'whole seconds from 5, or 0',
  },
  webhooks: { name: 'WHENCE_WEBHOOKS', fallback: '' },
  logLevel: {
    name: 'LOG_LEVEL',
    fallback: 'info',
    fault: (value) => (LOG_LEVELS.includes(value) ? undefined : `one of ${LOG_LEVELS.join(', ')}`),
  },
} as const satisfies Record<keyof QueryConfig, Variable>;

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
  if (faults.length > 0) return { status: 'faulty', faults };
  const texts = values as Record<keyof QueryConfig, string>;
  return {
    status: 'read',
    config: Object.freeze({
      ...texts,
      port: Number(texts.port),
      findingsSeconds: Number(texts.findingsSeconds),
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
