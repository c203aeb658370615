import { clickHouseError } from './clickhouse-error.ts';

export interface PoolLimits {
  /** Statements that may wait for a free session; one more is refused. */
  readonly maxWaiting: number;
  /** How long a statement may wait, in milliseconds. */
  readonly waitMillis: number;
}

interface Waiter {
  readonly resolve: () => void;
}

/**
 * So many statements at a time, the others in a queue: first come, first served.
 * The engine runs one statement per session, so a slot is the right to open one.
 */
export class SessionPool {
  readonly name: string;
  readonly size: number;
  #running = 0;
  readonly #limits: PoolLimits;
  readonly #waiting = new Set<Waiter>();

  constructor(name: string, size: number, limits: PoolLimits) {
    this.name = name;
    this.size = size;
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a slot, and gives back the function that frees it (once; later calls do nothing).
   * @throws ClickHouseError TOO_MANY_SIMULTANEOUS_QUERIES when the queue is full or the wait too long,
   *   QUERY_WAS_CANCELLED when `signal` fires first
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw clickHouseError('QUERY_WAS_CANCELLED', 'Query was cancelled.');
    if (this.#running >= this.size) await this.#wait(signal);
    else this.#running++;
    let freed = false;
    return () => {
      if (freed) return;
      freed = true;
      this.#release();
    };
  }

  #release(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next.resolve();
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#limits.maxWaiting) throw this.#tooMany('and as many waiting as may');
    return new Promise((resolve, reject) => {
      const leave = (error: Error): void => {
        this.#waiting.delete(waiter);
        settle();
        reject(error);
      };
      const onAbort = (): void => leave(clickHouseError('QUERY_WAS_CANCELLED', 'Query was cancelled.'));
      const timer = setTimeout(
        () => leave(this.#tooMany(`and none finished within ${this.#limits.waitMillis} ms`)),
        this.#limits.waitMillis,
      );
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        resolve: () => {
          settle();
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  #tooMany(reason: string): Error {
    return clickHouseError(
      'TOO_MANY_SIMULTANEOUS_QUERIES',
      `Too many simultaneous queries. Maximum: ${this.size} ${this.name}, ${reason}.`,
    );
  }
}
