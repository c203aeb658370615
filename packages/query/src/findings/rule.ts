import type { Detectors, FindingEvidence, FindingPart, ReceivedWindow, Severity } from '@whence/store';
import type { z } from 'zod';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** What a rule is asked with. Moments are milliseconds since the epoch, windows by the collector's clock. */
export interface RuleAsked<Settings> {
  readonly detectors: Detectors;
  readonly settings: Settings;
  /** Begins with a whole hour. */
  readonly window: ReceivedWindow;
  readonly nowMillis: number;
  /** What the owners file gives owners to, `*` for any characters. */
  readonly ownerPatterns: readonly string[];
}

/** Something that a rule found: what becomes one part of a finding. */
export interface Found
  extends Omit<FindingPart, 'id' | 'rule' | 'severity' | 'part' | 'evidence'>,
    Partial<Pick<FindingPart, 'part' | 'severity'>> {
  /** What makes it this finding and no other: its id follows from these. */
  readonly key: readonly string[];
  readonly evidence: FindingEvidence;
}

export interface RuleAnswer {
  readonly found: readonly Found[];
  /** Whether something told earlier, and not found now, was looked for: then it is no longer so. */
  readonly lookedFor?: (part: FindingPart) => boolean;
}

/** One thing that is looked for. */
export interface Rule {
  /** Part of addresses and settings. */
  readonly code: string;
  readonly severity: Severity;
  /** What it finds, for people. */
  readonly says: string;
  /** What to do about it. */
  readonly advice: string;
  /** Thresholds, each with its default and what it means. */
  readonly settings: z.ZodObject;
  /** How old a record must be to be judged: others that bear on it may be on their way. */
  readonly graceMillis: number;
  /** How often at most. */
  readonly everyMillis: number;
  find(asked: RuleAsked<never>): Promise<RuleAnswer>;
}

interface Made<Settings extends z.ZodObject>
  extends Omit<Rule, 'settings' | 'find' | 'graceMillis' | 'everyMillis'> {
  readonly settings: Settings;
  /** @default none */
  readonly graceMillis?: number;
  /** @default a minute */
  readonly everyMillis?: number;
  find(asked: RuleAsked<z.output<Settings>>): Promise<RuleAnswer>;
}

export const rule = <Settings extends z.ZodObject>(made: Made<Settings>): Rule => ({
  graceMillis: 0,
  everyMillis: MINUTE,
  ...made,
});

/** Parts of hours that the window holds whole or from their beginning. */
export const inHoursOf =
  ({ fromMillis, toMillis }: ReceivedWindow) =>
  ({ part }: FindingPart): boolean =>
    part >= fromMillis && part < toMillis;
