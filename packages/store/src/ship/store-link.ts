import { checkStoreOptions, type StoreOptions } from '../addresses.ts';
import { openStore, type Store } from '../open.ts';
import type { ShipLog } from './ship-log.ts';

const RETRY_MILLIS = 500;

/**
 * The connection to the store, which may be away when the collector starts: it is tried until it is there. Nothing that
 * accepts records waits for it.
 */
export class StoreLink {
  private readonly opening = new AbortController();
  private store: Store | undefined;
  private readonly opened: Promise<Store | undefined>;

  /** @throws StoreError `options_invalid`. */
  constructor(options: StoreOptions, log: ShipLog) {
    // Waiting would not make them better.
    checkStoreOptions(options);
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

  /** Does not wait for a store that does not answer. */
  async close(): Promise<void> {
    this.opening.abort();
    await this.store?.close();
  }

  private async open(options: StoreOptions, log: ShipLog): Promise<Store | undefined> {
    let said = false;
    while (!this.opening.signal.aborted) {
      try {
        const store = await openStore(options);
        if (this.opening.signal.aborted) {
          await store.close();
          return undefined;
        }
        this.store = store;
        log.info({ url: store.url, database: store.database }, 'store is open');
        return store;
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

/** What comes of the work, or undefined as soon as the signal is aborted: then nobody waits for the work any more. */
export const unlessAborted = async <Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result | undefined> => {
  if (signal.aborted) return undefined;
  let stop: () => void = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
};
