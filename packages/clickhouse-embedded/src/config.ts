/** Everything the server is told, complete and checked. */
export interface Config {
  /** Owned by one process at a time; created when missing. */
  readonly dataDir: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Of the one user, `default`. Empty means none is asked for. */
  readonly password: string;
  /** Sessions for SELECT and the like. */
  readonly readers: number;
  /** Sessions for INSERT with data. */
  readonly writers: number;
  /** Statements that may wait, per pool. */
  readonly maxWaiting: number;
  /** How long a statement waits for a session, in milliseconds. */
  readonly waitMillis: number;
  /** How long running statements may take to finish after a signal, in milliseconds; then they are killed. */
  readonly graceMillis: number;
  /** The largest body of a request after decompression, in bytes. */
  readonly maxBodyBytes: number;
  /** Lets statements reach files, the network and programs with this process's rights. */
  readonly allowUnsafeSql: boolean;
  /** End when standard input closes, which it does when the parent dies. */
  readonly exitWithParent: boolean;
}

export const defaults = {
  host: '127.0.0.1',
  port: 8123,
  password: '',
  readers: 8,
  writers: 4,
  maxWaiting: 256,
  waitMillis: 30_000,
  graceMillis: 10_000,
  maxBodyBytes: 4 * 2 ** 30,
  allowUnsafeSql: false,
  exitWithParent: false,
} as const satisfies Omit<Config, 'dataDir'>;

/** Sessions beside readers and writers: definitions, and the one that kills statements. */
const ADMINISTRATION_SESSIONS = 2;
/** Threads left for files, name look-ups and compression. */
const SPARE_THREADS = 4;

/** The UV_THREADPOOL_SIZE without which statements would wait for threads: every session needs one of its own. */
export function threadsNeeded(config: Pick<Config, 'readers' | 'writers'>): number {
  return config.readers + config.writers + ADMINISTRATION_SESSIONS + SPARE_THREADS;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** What is wrong with a configuration, each fault in one line; nothing when it can be run. */
export function faultsOf(config: Config): string[] {
  const faults: string[] = [];
  const whole = (name: keyof Config, min: number, max: number): void => {
    const value = config[name];
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      faults.push(`${name} must be a whole number from ${min} to ${max}, not ${String(value)}`);
    }
  };
  if (config.dataDir === '') faults.push('dataDir is required');
  if (/[*?{}\n]/.test(config.dataDir))
    faults.push('dataDir must not contain any of * ? { }: the engine takes them for patterns');
  whole('port', 0, 65_535);
  whole('readers', 1, 64);
  whole('writers', 1, 64);
  whole('maxWaiting', 0, 100_000);
  whole('waitMillis', 0, 3_600_000);
  whole('graceMillis', 0, 3_600_000);
  whole('maxBodyBytes', 1, Number.MAX_SAFE_INTEGER);
  if (!loopback.has(config.host) && config.password === '') {
    faults.push(
      `a password is required to listen on ${config.host}: without one, only the loopback address is allowed`,
    );
  }
  return faults;
}
