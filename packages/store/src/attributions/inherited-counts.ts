import type { Slice } from './arrivals.ts';

/** An hour of a principal: what it is said to have done in it is counted together. */
export interface PrincipalHour {
  readonly principal: string;
  /** When it began, seconds since the epoch. */
  readonly hour: number;
}

export interface TouchedHour extends PrincipalHour {
  readonly tenant: string;
  /** Of `attributions`: at least so many are read to count it. */
  readonly rows: number;
}

/**
 * Counts what is inherited, of all tenants, for whoever asks how much was done. Attributions are taken back and given to
 * others, and two services may write the same: nothing can be added up as it comes. An hour is counted whole, from what
 * holds by then, and takes the place of what was counted of it before.
 *
 * To count again does no harm, whoever does it, and whenever: of several counts the one that began last holds, and it has
 * seen all that was written before it began.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface InheritedCounts {
  /** Hours whose counts the actions may change that something was learnt of: those of anyone they ever were attributed to. */
  touchedBy(slice: Slice<'attributions'>): Promise<readonly TouchedHour[]>;

  /** At most `HOURS_AT_ONCE`. */
  countAnew(tenant: string, hours: readonly PrincipalHour[]): Promise<void>;
}

/** Ids of principals travel in the request line. */
export const HOURS_AT_ONCE = 100;
