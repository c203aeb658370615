import type { Counters } from '@whence/model';
import {
  type Arrivals,
  type ArrivedPart,
  type EvidenceTable,
  type Readers,
  readersOf,
  type Slice,
  type Store,
  slicesOf,
  storedArrivals,
} from '@whence/store';
import type { Logger } from 'pino';
import { COUNTED, newCounters } from '../counters.ts';
import { CaughtUp } from './caught-up.ts';
import { InheritedCounter } from './inherited-counter.ts';
import { keepDoing } from './keep-doing.ts';
import { type Resolved, resolveTraces } from './resolve-traces.ts';
import { WatchedAlready } from './watched-already.ts';

export interface ResolverOptions {
  readonly store: Store;
  readonly logger: Logger;
  /** Shown by `/metrics`. */
  readonly counters?: Counters;
  /** Between one look at what has arrived and the next. */
  readonly intervalMillis: number;
  /** Rows that are looked at together. @default 250,000 */
  readonly sliceRows?: number;
  /** After so long a turn ends, and the next goes on where it stopped. @default 10,000 */
  readonly turnMillis?: number;
}

/** Finds out what actions without a reference are to be attributed to, as records arrive. */
export interface AttributionResolver {
  /** Values of this moment, by name, for `/metrics`. */
  gauges(): Readonly<Record<string, number>>;
  /** Lets the turn under way come to a halt, and resolves when it has. Never rejects. */
  stop(): Promise<void>;
}

/** Between two turns where more is waiting. */
const BREATH_MILLIS = 50;
/** After counting, so many times as long as it took nothing is counted: it never takes more than that part of the time. */
const COUNTING_RESTS = 10;

/**
 * Works at once, and from then on; of all tenants, each by itself. What was worked out is counted beside it. Any number
 * of services may do it side by side.
 */
export const startResolver = (options: ResolverOptions): AttributionResolver => {
  const { intervalMillis, counters = newCounters() } = options;
  const turns = new ResolverTurns({ ...options, counters });
  const counter = new InheritedCounter({ ...options, counters });
  const attribution = new CaughtUp();
  const counting = new CaughtUp();
  const chores = [
    keepDoing(
      {
        name: 'attribution',
        turn: async (isStopped) => {
          const began = Date.now();
          const isMore = await turns.turn(isStopped);
          counters.add(COUNTED.attributionTurns, 1);
          if (!isMore) attribution.with(began);
          return isMore ? BREATH_MILLIS : intervalMillis;
        },
        failed: () => counters.add(COUNTED.attributionTurnsFailed, 1),
      },
      options,
    ),
    keepDoing(
      {
        name: 'counting of what is inherited',
        turn: async (isStopped) => {
          const began = Date.now();
          const isMore = await counter.turn(isStopped);
          const took = Date.now() - began;
          counters.add(COUNTED.inheritedTurns, 1);
          if (!isMore) counting.with(began);
          return Math.max(isMore ? BREATH_MILLIS : intervalMillis, took * COUNTING_RESTS);
        },
        failed: () => counters.add(COUNTED.inheritedTurnsFailed, 1),
      },
      options,
    ),
  ];
  return {
    gauges: () => ({
      whence_query_attribution_parts_waiting: turns.waiting,
      whence_query_attribution_lag_seconds: attribution.lagSeconds,
      whence_query_inherited_counting_lag_seconds: counting.lagSeconds,
    }),
    stop: async () => {
      await Promise.all(chores.map((chore) => chore.stop()));
    },
  };
};

const TABLES: readonly EvidenceTable[] = ['runs', 'otel_traces'];

/** One look after another at what has arrived. */
export class ResolverTurns {
  readonly #store: Store;
  readonly #logger: Logger;
  readonly #arrivals: Arrivals;
  readonly #sliceRows: number;
  readonly #turnMillis: number;
  readonly #counters: Counters;
  readonly #watched = new WatchedAlready();
  readonly #readers = new Map<string, Readers>();
  /** Rows of large parts that earlier turns have looked at. */
  readonly #begun = new Map<string, number>();
  #waiting = 0;

  constructor({ store, logger, sliceRows, turnMillis, counters = newCounters() }: ResolverOptions) {
    this.#store = store;
    this.#logger = logger;
    this.#arrivals = storedArrivals(store);
    this.#sliceRows = sliceRows ?? 250_000;
    this.#turnMillis = turnMillis ?? 10_000;
    this.#counters = counters;
  }

  /** Parts of tables that have not been looked at yet, as of the last turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * @returns whether more is waiting.
   * @throws StoreError `store_unavailable`, `store_refused`. What was not finished is looked at again.
   */
  async turn(isStopped: () => boolean = () => false): Promise<boolean> {
    const end = Date.now() + this.#turnMillis;
    let waiting = 0;
    for (const table of TABLES) {
      const parts = await this.#arrivals.unseen(table);
      waiting += parts.length;
      for (const slice of slicesOf(parts, this.#sliceRows)) {
        if (isStopped() || Date.now() > end) break;
        if (this.#isDone(slice)) continue;
        await this.#lookAt(slice, isStopped);
        if (isStopped()) break;
        waiting -= await this.#done(slice);
      }
    }
    this.#waiting = waiting;
    return waiting > 0;
  }

  async #lookAt(slice: Slice<EvidenceTable>, isStopped: () => boolean): Promise<void> {
    const { tenants } = await this.#arrivals.arrivedIn(slice);
    for (const tenant of tenants) {
      if (isStopped()) return;
      const resolved = await resolveTraces(
        {
          store: this.#store,
          tenant,
          readers: this.#readersOf(tenant),
          arrivals: this.#arrivals,
          watched: this.#watched,
        },
        slice,
      );
      this.#tell(resolved);
      const { attributed, withdrawn, unreadable } = resolved;
      if (attributed + withdrawn > 0) {
        this.#logger.info({ tenant, attributed, withdrawn }, 'actions without a reference were attributed');
      }
      for (const { traceId, error } of unreadable) {
        this.#logger.warn(
          { tenant, traceId, err: error },
          'a trace cannot be read: nothing of it is attributed',
        );
      }
    }
  }

  #tell({ traces, attributed, withdrawn, unreadable, notInherited }: Resolved): void {
    this.#counters.add(COUNTED.tracesWorkedOut, traces);
    this.#counters.add(COUNTED.actionsAttributed, attributed);
    this.#counters.add(COUNTED.actionsWithdrawn, withdrawn);
    this.#counters.add(COUNTED.tracesUnreadable, unreadable.length);
    for (const [reason, times] of notInherited) {
      this.#counters.add(COUNTED.actionsNotInherited, times, `reason="${reason}"`);
    }
  }

  #readersOf(tenant: string): Readers {
    const known = this.#readers.get(tenant) ?? readersOf(this.#store, tenant);
    this.#readers.set(tenant, known);
    return known;
  }

  #isDone({ parts: [part], toRow, isLast }: Slice): boolean {
    return !isLast && part !== undefined && toRow <= (this.#begun.get(keyOf(part)) ?? 0);
  }

  /** @returns how many parts are done with it. */
  async #done({ parts, toRow, isLast }: Slice): Promise<number> {
    if (isLast) {
      await this.#arrivals.seen(parts);
      for (const part of parts) this.#begun.delete(keyOf(part));
      return parts.length;
    }
    for (const part of parts) this.#begun.set(keyOf(part), toRow);
    return 0;
  }
}

const keyOf = ({ table, name }: ArrivedPart): string => `${table} ${name}`;
