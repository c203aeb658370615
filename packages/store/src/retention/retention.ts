import { OUTLIVES_SPANS, TIERS, type Tier } from './tiers.ts';

/** For how many days each tier is kept. A tier that is not in it is kept for ever. */
export type Retention = ReadonlyMap<Tier, number>;

export type ReadRetention =
  | { readonly status: 'read'; readonly retention: Retention }
  | { readonly status: 'faulty'; readonly faults: readonly string[] };

/** The engine keeps the moment at which a part goes as a number of seconds, which ends in 2106. */
const DAYS_MAX = 10_000;
const DAYS_PER_WEEK = 7;
const TERM = /^(\w+)=(?:(\d+)([dw])|(forever))$/;

/**
 * What is written as `spans=30d, runs=400d, causes=400d`, or in weeks as `spans=4w`. A tier that is not named is kept for
 * ever; `forever` alone says so of all of them.
 */
export const readRetention = (text: string): ReadRetention => {
  const faults: string[] = [];
  const retention = new Map<Tier, number>();
  const named = new Set<string>();
  const terms = text.trim() === 'forever' ? [] : text.split(',').map((term) => term.trim());
  for (const term of terms) {
    const [, tier, count, unit, forever] = TERM.exec(term) ?? [];
    if (tier === undefined) {
      faults.push(`"${term}": a tier and how long it is kept, such as spans=30d, runs=52w or causes=forever`);
      continue;
    }
    if (!isTier(tier)) {
      faults.push(`"${tier}" is none of the tiers: ${TIERS.join(', ')}`);
      continue;
    }
    if (named.has(tier)) faults.push(`${tier} is there twice`);
    named.add(tier);
    if (forever !== undefined) continue;
    const days = Number(count) * (unit === 'w' ? DAYS_PER_WEEK : 1);
    if (days < 1 || days > DAYS_MAX) faults.push(`${term}: 1 to ${DAYS_MAX} days, or forever`);
    retention.set(tier, days);
  }
  faults.push(...soonerThanSpans(retention));
  return faults.length > 0 ? { status: 'faulty', faults } : { status: 'read', retention };
};

const soonerThanSpans = (retention: Retention): readonly string[] => {
  const spans = retention.get('spans');
  return OUTLIVES_SPANS.flatMap((tier) => {
    const days = retention.get(tier);
    if (days === undefined || (spans !== undefined && spans <= days)) return [];
    return [
      spans === undefined
        ? `${tier} would go after ${days} days and spans never: ${tier} are what is left to answer from when spans have gone. Set spans=${days}d or less too, or leave ${tier} out`
        : `${tier} would go after ${days} days, sooner than spans (${spans}): ${tier} are what is left to answer from when spans have gone. Set ${tier}=${spans}d or more, or spans=${days}d or less`,
    ];
  });
};

const isTier = (text: string): text is Tier => (TIERS as readonly string[]).includes(text);
