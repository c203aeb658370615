import type { Counters } from '@whence/model';
import { type FindingStore, findingStoreOf, type Store, tenantsWithRecords } from '@whence/store';
import type { Logger } from 'pino';
import { newCounters } from '../counters.ts';
import { newEngine } from './engine.ts';
import { type FindingsFile, NO_FILE } from './rule-settings.ts';
import { deliverer } from './webhooks/deliverer.ts';
import { newWebhooks } from './webhooks/webhooks.ts';
import { NO_WEBHOOKS, type WebhooksFile } from './webhooks/webhooks-file.ts';

export interface FindingsOptions {
  readonly store: Store;
  /** Whose findings go to endpoints that name no tenant. */
  readonly tenant: string;
  readonly file?: FindingsFile | undefined;
  readonly webhooks?: WebhooksFile | undefined;
  /** What the owners file gives owners to, `*` for any characters. */
  readonly ownerPatterns?: () => readonly string[];
  /** Between two rounds; 0: nothing is looked for here. */
  readonly everyMillis: number;
  /** Shown by `/metrics`. */
  readonly counters?: Counters;
  readonly logger: Logger;
}

/** Looks for findings and tells receivers of them, until it is closed. */
export interface FindingsService {
  /** One round now, and what is due delivered. Never rejects. */
  round(): Promise<void>;
  /** Stops after the statement and the delivery under way. Never rejects. */
  close(): Promise<void>;
}

const DELIVER_EVERY_MILLIS = 5000;

export const startFindings = (options: FindingsOptions): FindingsService => {
  const { store, tenant, file = NO_FILE, webhooks: receivers = NO_WEBHOOKS, everyMillis, logger } = options;
  const { counters = newCounters() } = options;
  const tenants = () => tenantsWithRecords(store);
  const storeOf = (of: string): FindingStore => findingStoreOf(store, of);
  const webhooks = newWebhooks(receivers, tenant, storeOf);
  const engine = newEngine({
    store,
    tenants,
    file,
    ownerPatterns: options.ownerPatterns ?? (() => []),
    webhooks,
    counters,
    logger,
  });
  const delivering = deliverer({
    webhooks,
    storeOf,
    file,
    tenants,
    baseUrl: receivers.baseUrl,
    counters,
    logger,
  });

  const rounds = everyMillis === 0 ? undefined : repeated(everyMillis, () => engine.round());
  const deliveries =
    everyMillis === 0 || receivers.endpoints.length === 0
      ? undefined
      : repeated(DELIVER_EVERY_MILLIS, () => delivering.round());

  return {
    round: async () => {
      await engine.round();
      await delivering.round();
    },
    close: async () => {
      rounds?.();
      deliveries?.();
      await Promise.all([engine.close(), delivering.close()]);
    },
  };
};

/** Begins after a random part of the time, so that several services do not do the same at once. @returns what ends it */
const repeated = (everyMillis: number, work: () => Promise<void>): (() => void) => {
  let ended = false;
  let timer: NodeJS.Timeout;
  const next = (inMillis: number): void => {
    timer = setTimeout(async () => {
      const began = performance.now();
      await work();
      if (!ended) next(Math.max(1000, everyMillis - (performance.now() - began)));
    }, inMillis);
    timer.unref();
  };
  next(Math.random() * Math.min(everyMillis, 10_000));
  return () => {
    ended = true;
    clearTimeout(timer);
  };
};
