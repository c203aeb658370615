import type { ServiceLog } from './service-log.ts';

const CHECK_MILLIS = 30_000;

/** How a value is made from files. */
export interface FileReader<Value> {
  /** For the log: `TLS certificate`. */
  readonly what: string;
  /** @throws Error that names the file */
  read(): Value;
  /** Whether two readings mean the same. */
  same(a: Value, b: Value): boolean;
}

/**
 * A value kept as its files are: they are looked at now and then, and on `check`. Files that cannot be used, as while
 * they are being replaced, change nothing, and that is said once.
 */
export class ReloadedFiles<Value> {
  readonly #reader: FileReader<Value>;
  readonly #log: ServiceLog;
  readonly #listeners: ((value: Value) => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #current: Value;
  #faultSaid = '';

  /** @throws what `read` throws */
  constructor(reader: FileReader<Value>, log: ServiceLog, checkMillis = CHECK_MILLIS) {
    this.#reader = reader;
    this.#log = log;
    this.#current = reader.read();
    this.#timer = setInterval(() => this.check(), checkMillis).unref();
  }

  get current(): Value {
    return this.#current;
  }

  /** @param listener called with each later value */
  onChange(listener: (value: Value) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at the files now. */
  check(): void {
    const { what } = this.#reader;
    try {
      const value = this.#reader.read();
      this.#faultSaid = '';
      if (this.#reader.same(value, this.#current)) return;
      this.#current = value;
      for (const listener of this.#listeners) listener(value);
      this.#log.info(`${what}: taken up anew`);
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#faultSaid) this.#log.error({ fault: message }, `${what}: the former stays`);
      this.#faultSaid = message;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
