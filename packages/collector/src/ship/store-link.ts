import { openStore, type Store, type StoreOptions } from '@whence/store';
import type { Logger } from 'pino';

const RETRY_MILLIS = 500;

/**
 * The connection to the store, which may be away when the collector starts: it is tried until it is there. Nothing that
 * accepts records waits for it.
 */
export class StoreLink {
  private readonly opening = new AbortController();
  private store: Store | undefined;
  private readonly opened: Promise<Store | undefined>;

  constructor(options: StoreOptions, log: Logger) {
    this.opened = this.open(options, log);
  }

  /** The store, if it has ever answered. */
  get current(): Store | undefined {
    return this.store;
  }

  /** Resolves when the store has answered and its schema is in place; undefined when the link was closed before. */
  whenOpen(): Promise<Store | undefined> {
    return this.opened;
  }

  async close(): Promise<void> {
    this.opening.abort();
    await (await this.opened)?.close();
  }

  private async open(options: StoreOptions, log: Logger): Promise<Store | undefined> {
    let said = false;
    while (!this.opening.signal.aborted) {
      try {
        this.store = await openStore(options);
        log.info({ url: options.url, database: this.store.database }, 'store is open');
        return this.store;
      } catch (error) {
        if (!said) log.warn({ err: error }, 'the store is away: records wait in the spool');
        said = true;
        await pause(RETRY_MILLIS, this.opening.signal);
      }
    }
    return undefined;
  }
}

/** Resolves after the time, or at once when the signal is aborted. */
export const pause = (millis: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, millis);
    signal.addEventListener('abort', finish, { once: true });
  });
