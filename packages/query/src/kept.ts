import type { RetentionReader, Tier } from '@whence/store';

/** How far back what is answered from can go, as the store is told to keep it. */
export interface Kept {
  /** Absent: everything that was ever received. */
  limitOf(tier: Tier): Promise<Limit | undefined>;
}

export interface Limit {
  readonly days: number;
  /** What was received before may be gone; milliseconds since the epoch. */
  readonly fromMillis: number;
}

const DAY_MILLIS = 86_400_000;
/** How long what the store was told is taken as known. */
const KNOWN_MILLIS = 60_000;

/** Asks once a minute at most, for all tenants together. */
export const keptIn = (retention: RetentionReader): Kept => {
  let known:
    | { readonly limits: ReturnType<RetentionReader['limits']>; readonly atMillis: number }
    | undefined;
  return {
    limitOf: async (tier) => {
      if (known === undefined || Date.now() - known.atMillis > KNOWN_MILLIS) {
        const asked = { limits: retention.limits(), atMillis: Date.now() };
        known = asked;
        asked.limits.catch(() => {
          if (known === asked) known = undefined;
        });
      }
      const days = (await known.limits).get(tier);
      return days === undefined ? undefined : { days, fromMillis: Date.now() - days * DAY_MILLIS };
    },
  };
};

/** @param what what it is a limit of, as a sentence begins: `Spans` */
export const toldLimit = (what: string, { days, fromMillis }: Limit): string =>
  `${what} are kept for ${days === 1 ? '1 day' : `${days} days`}: those received before ${dayOf(fromMillis)} are, or soon will be, gone.`;

const dayOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10);
