import type { FindingPart, FindingStore, RuleProgress, ToldPart } from '@whence/store';
import { derivedId } from './finding-id.ts';
import { DAY, type Found, HOUR, MINUTE } from './rule.ts';
import type { RuleInForce } from './rule-settings.ts';

/** How far back a rule looks when it runs for the first time. */
const FIRST_LOOK = DAY;
/** What was looked at and is looked at again each time: rows are stored a moment after their receipt. */
const OVERLAP = 5 * MINUTE;
/** Of one pass, where the store takes it. */
export const LONGEST_WINDOW = 6 * HOUR;
/** How often the last day and more is looked at once more, for what had to wait for the store. */
const AGAIN_EVERY = 6 * HOUR;
const AGAIN = 26 * HOUR;
/** Parts of findings told by one rule in one pass, one by one. */
export const MOST_FOUND = 500;

export interface Pass {
  readonly tenant: string;
  readonly store: FindingStore;
  readonly ownerPatterns: readonly string[];
  readonly nowMillis: number;
  /** Of one window; what is left is for the next pass. At least an hour. */
  readonly longestMillis: number;
}

export interface Opened {
  readonly part: FindingPart;
  /** It was there before, and was no longer so. */
  readonly isAgain: boolean;
}

export interface PassDone {
  readonly progress: RuleProgress;
  /** What is there now, and was not. */
  readonly opened: readonly string[];
  /** What is no longer so. */
  readonly resolved: readonly string[];
}

/** Whether it is time. */
export const isDue = (
  { rule, enabled }: RuleInForce,
  progress: RuleProgress | undefined,
  nowMillis: number,
): boolean =>
  enabled &&
  (progress === undefined ||
    nowMillis - progress.ranAtMillis >= rule.everyMillis ||
    isBehind(progress, rule.graceMillis, nowMillis));

const isBehind = ({ doneToMillis, failure }: RuleProgress, graceMillis: number, nowMillis: number): boolean =>
  failure === undefined && nowMillis - graceMillis - doneToMillis > LONGEST_WINDOW;

/**
 * One pass of a rule: finds what is in its window, tells what was not told yet, takes back what is no longer so. To do
 * it again, or in two places at once, tells nothing else: ids follow from what was found.
 *
 * @param before called with what is about to be told, before it is
 * @throws StoreError
 */
export const passOf = async (
  { tenant, store, ownerPatterns, nowMillis, longestMillis }: Pass,
  { rule, severity, settings }: RuleInForce,
  progress: RuleProgress | undefined,
  before: (opened: readonly Opened[], resolved: readonly FindingPart[]) => Promise<void>,
): Promise<PassDone> => {
  const began = performance.now();
  const since = progress?.sinceMillis ?? firstLook(nowMillis);
  const doneTo = progress?.doneToMillis ?? since;
  const again = progress !== undefined && nowMillis - progress.lookedAgainMillis >= AGAIN_EVERY;
  const to = Math.max(doneTo, Math.min(nowMillis - rule.graceMillis, doneTo + longestMillis));
  const from = Math.max(since, wholeHour(Math.min(doneTo - OVERLAP, again ? nowMillis - AGAIN : doneTo)));
  const window = { fromMillis: from, toMillis: to };

  const { found, lookedFor = () => false } = await rule.find({
    detectors: store.detectors,
    settings: settings as never,
    window,
    nowMillis,
    ownerPatterns,
  });
  const parts = limited(rule.code, found, to).map((each): FindingPart => {
    const { key, part = 0, severity: own = rule.severity, ...rest } = each;
    return {
      ...rest,
      id: derivedId(tenant, rule.code, ...key),
      rule: rule.code,
      severity: severity ?? own,
      part,
    };
  });
  const told = await store.findings.toldBy(rule.code, Math.floor(from / DAY) * DAY);
  const news = newsOf(parts, told, to);
  const over = found.length > MOST_FOUND ? [] : overOf(parts, told, lookedFor);
  const opened = openedBy(news, told);
  const resolved = resolvedBy(over, news, told);
  await before(opened, resolved);
  await store.findings.tell([...news, ...over]);

  return {
    progress: {
      sinceMillis: since,
      doneToMillis: to,
      lookedAgainMillis: again || progress === undefined ? nowMillis : progress.lookedAgainMillis,
      found: parts.length,
      millis: Math.round(performance.now() - began),
      ranAtMillis: nowMillis,
    },
    opened: opened.map(({ part }) => part.id),
    resolved: resolved.map(({ id }) => id),
  };
};

/** Where a rule begins that has not run yet. */
export const firstLook = (nowMillis: number): number => wholeHour(nowMillis - FIRST_LOOK);

const wholeHour = (millis: number): number => Math.floor(millis / HOUR) * HOUR;

/** What is beyond what can be told is told as a number. */
const limited = (code: string, found: readonly Found[], toMillis: number): readonly Found[] => {
  if (found.length <= MOST_FOUND) return found;
  const rest = found.slice(MOST_FOUND);
  const hour = wholeHour(toMillis);
  return [
    ...found.slice(0, MOST_FOUND),
    {
      key: ['beyond', new Date(hour).toISOString()],
      subject: { kind: 'rule', id: code },
      sentence: `More was found by ${code} around ${new Date(hour).toISOString().slice(0, 16)}Z than is told one by one (${MOST_FOUND}).`,
      evidence: { figures: { toldOneByOne: MOST_FOUND, notTold: rest.length } },
      firstSeenMillis: Math.min(...rest.map(({ firstSeenMillis }) => firstSeenMillis)),
      lastSeenMillis: Math.max(...rest.map(({ lastSeenMillis }) => lastSeenMillis)),
      count: rest.length,
    },
  ];
};

/** An hour that goes on is told anew once it has grown by so much, and once it is over. */
const GROWN = 1.2;

const newsOf = (
  parts: readonly FindingPart[],
  told: readonly ToldPart[],
  toMillis: number,
): readonly FindingPart[] => {
  const known = new Map(told.map(({ part }) => [placeOf(part), part]));
  return parts.filter((part) => {
    const before = known.get(placeOf(part));
    if (before === undefined || before.count === 0) return part.count > 0;
    const isOver = part.part === 0 || part.part + HOUR <= toMillis;
    return (
      before.severity !== part.severity ||
      before.sentence !== part.sentence ||
      (isOver ? before.count !== part.count : part.count >= before.count * GROWN)
    );
  });
};

const overOf = (
  parts: readonly FindingPart[],
  told: readonly ToldPart[],
  lookedFor: (part: FindingPart) => boolean,
): readonly FindingPart[] => {
  const still = new Set(parts.map(placeOf));
  return told
    .filter(({ part }) => part.count > 0 && !still.has(placeOf(part)) && lookedFor(part))
    .map(({ part }) => ({ ...part, count: 0 }));
};

const placeOf = ({ id, part }: FindingPart): string => `${id} ${part}`;

/** The first part of each finding that was not there. Those of one finding are all of one day, or of no hour. */
const openedBy = (news: readonly FindingPart[], told: readonly ToldPart[]): readonly Opened[] => {
  const totals = new Map(told.map(({ part, total }) => [part.id, total]));
  const opened = new Map<string, Opened>();
  for (const part of news) {
    const total = totals.get(part.id);
    if (total !== undefined && total > 0) continue;
    if (!opened.has(part.id)) opened.set(part.id, { part, isAgain: total === 0 });
  }
  return [...opened.values()];
};

const resolvedBy = (
  over: readonly FindingPart[],
  news: readonly FindingPart[],
  told: readonly ToldPart[],
): readonly FindingPart[] => {
  const still = new Set([
    ...news.map(({ id }) => id),
    ...told
      .filter(({ part }) => part.count > 0 && !over.some((each) => placeOf(each) === placeOf(part)))
      .map(({ part }) => part.id),
  ]);
  const resolved = new Map(over.filter(({ id }) => !still.has(id)).map((part) => [part.id, part]));
  return [...resolved.values()];
};
