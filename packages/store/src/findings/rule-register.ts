/** What was set for a rule, by whom. What `settings` does not hold is as in the file, or by default. */
export interface RuleSetting {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly reason: string;
  readonly by: string;
  /** RFC 3339. */
  readonly at: string;
}

/** How far a rule has come. Milliseconds since the epoch. */
export interface RuleProgress {
  /** What was received before was never looked at. */
  readonly sinceMillis: number;
  /** What was received before was looked at. */
  readonly doneToMillis: number;
  /** When the last day was looked at once more. */
  readonly lookedAgainMillis: number;
  /** Of the last pass. */
  readonly found: number;
  /** Why the last pass failed. */
  readonly failure?: string;
  /** That the last pass took. */
  readonly millis: number;
  readonly ranAtMillis: number;
}

/**
 * How the rules of one tenant are set, and how far each has come. Rows are added, never rewritten: the newest counts.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface RuleRegister {
  settings(): Promise<ReadonlyMap<string, RuleSetting>>;
  /** Durable when it resolves. */
  set(rule: string, setting: Omit<RuleSetting, 'at'>): Promise<void>;
  progress(): Promise<ReadonlyMap<string, RuleProgress>>;
  /** All at once: each round writes once. */
  advance(progress: ReadonlyMap<string, RuleProgress>): Promise<void>;
}
