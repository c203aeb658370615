import type { Counters } from '@whence/model';
import {
  HOURS_AT_ONCE,
  type InheritedCounts,
  type Store,
  StoreError,
  slicesOf,
  storedArrivals,
  storedInheritedCounts,
  type TouchedHour,
} from '@whence/store';
import type { Logger } from 'pino';
import { COUNTED, newCounters } from '../counters.ts';

/** Rows of attributions that are looked at together, and that are counted in one statement. */
const ROWS_TOGETHER = 200_000;

export interface InheritedCounterOptions {
  readonly store: Store;
  readonly logger: Logger;
  /** Shown by `/metrics`. */
  readonly counters?: Counters;
}

/** Parts that the store tells of at a time: where there are as many, there may be more. */
const PARTS_TOLD = 100;

/**
 * Keeps what is inherited counted, for the inventory and for coverage, after it was worked out: by whichever service.
 * What was written is known by the numbers of its blocks, so that a service that is killed leaves nothing uncounted.
 */
export class InheritedCounter {
  readonly #counts: InheritedCounts;
  readonly #arrivals: ReturnType<typeof storedArrivals>;
  readonly #logger: Logger;
  readonly #counters: Counters;

  constructor({ store, logger, counters = newCounters() }: InheritedCounterOptions) {
    this.#counts = storedInheritedCounts(store);
    this.#arrivals = storedArrivals(store);
    this.#logger = logger;
    this.#counters = counters;
  }

  /**
   * @returns whether more may be waiting.
   * @throws StoreError `store_unavailable`, or `store_refused` where the store would not even say what there is to count.
   * What was not finished is counted again.
   */
  async turn(isStopped: () => boolean = () => false): Promise<boolean> {
    const parts = await this.#arrivals.unseen('attributions');
    const hours = new Map<string, TouchedHour>();
    for (const slice of slicesOf(parts, ROWS_TOGETHER)) {
      if (isStopped()) return true;
      for (const touched of await this.#counts.touchedBy(slice)) {
        const key = `${touched.tenant} ${touched.hour} ${touched.principal}`;
        const rows = (hours.get(key)?.rows ?? 0) + touched.rows;
        hours.set(key, { ...touched, rows });
      }
    }
    if (!(await this.#count([...hours.values()], isStopped))) return true;
    await this.#arrivals.seen(parts);
    return parts.length >= PARTS_TOLD;
  }

  /** @returns whether all of them were. */
  async #count(hours: readonly TouchedHour[], isStopped: () => boolean): Promise<boolean> {
    const batches = [...Map.groupBy(hours, ({ tenant }) => tenant).values()].flatMap(packed);
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      if (isStopped()) return false;
      const [{ tenant, principal, hour }] = batch;
      try {
        await this.#counts.countAnew(tenant, batch);
        this.#counters.add(COUNTED.inheritedHours, batch.length);
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'store_refused') throw error;
        if (batch.length > 1) batches.unshift(...halves(batch));
        else this.#logger.warn({ tenant, principal, hour, err: error }, 'an hour cannot be counted');
      }
    }
    return true;
  }
}

/** Hours of one tenant. */
type Batch = readonly [TouchedHour, ...TouchedHour[]];

/** As many as are cheap together; a costly one by itself. */
const packed = (hours: readonly TouchedHour[]): readonly Batch[] => {
  const batches: [TouchedHour, ...TouchedHour[]][] = [];
  let held = 0;
  for (const hour of hours) {
    const last = batches.at(-1);
    if (last === undefined || last.length === HOURS_AT_ONCE || held + hour.rows > ROWS_TOGETHER) {
      batches.push([hour]);
      held = hour.rows;
    } else {
      last.push(hour);
      held += hour.rows;
    }
  }
  return batches;
};

const halves = (hours: Batch): readonly Batch[] => {
  const half = hours.length >> 1;
  return [hours.slice(0, half), hours.slice(half)].map(([first, ...others]) => [first!, ...others]);
};
