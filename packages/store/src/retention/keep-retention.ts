import type { Store } from '../open.ts';
import type { ShipLog } from '../ship/ship-log.ts';
import { pause, type StoreLink, unlessAborted } from '../ship/store-link.ts';
import { applyRetention } from './apply-retention.ts';
import type { Retention } from './retention.ts';
import { storedRetention } from './stored-retention.ts';

const RETRY_MILLIS = 60_000;

/**
 * Sees to it that the store keeps what is set: as soon as it is there, and again every minute where it does not take it.
 * Nothing else waits for that, and that waits for nothing when it is stopped.
 *
 * @param retention absent: whatever the store has is left as it is
 */
export const keepRetention = (
  link: StoreLink,
  retention: Retention | undefined,
  log: ShipLog,
): { stop(): Promise<void> } => {
  const stopping = new AbortController();
  const { signal } = stopping;

  const apply = async (store: Store): Promise<true> => {
    if (retention !== undefined) await applyRetention(store, retention, log);
    const days = Object.fromEntries(await storedRetention(store).limits());
    if (retention !== undefined) log.info({ days }, 'retention is in force');
    else if (Object.keys(days).length > 0) {
      log.info({ days }, 'retention is not set here: what the store was told before stays in force');
    }
    return true;
  };

  const done = (async () => {
    const store = await unlessAborted(link.whenOpen(), signal);
    if (store === undefined) return;
    while (!signal.aborted) {
      try {
        await unlessAborted(apply(store), signal);
        return;
      } catch (error) {
        log.warn({ err: error }, 'retention could not be applied: it is tried again every minute');
        await pause(RETRY_MILLIS, signal);
      }
    }
  })();

  return {
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
};
