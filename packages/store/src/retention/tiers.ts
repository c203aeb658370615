/** What is kept for as long as is set, as those who set it think of it. */
export const TIERS = ['spans', 'runs', 'causes', 'activity', 'credentials', 'findings'] as const;

export type Tier = (typeof TIERS)[number];

/** These may not go sooner than the spans: they are what is left to answer from. */
export const OUTLIVES_SPANS: readonly Tier[] = ['runs', 'causes'];

/** A table whose rows go by age, in parts that hold rows of one week or month of receipt. */
export interface AgingTable {
  readonly name: string;
  /** When a row was received or written, by our own clocks and never the sender's: the partition is made of it. */
  readonly received: string;
  /** `month`: the column is the first day of a month, and a row is as old as the end of that month. */
  readonly to: 'moment' | 'month';
}

const moment = (name: string, received: string): AgingTable => ({ name, received, to: 'moment' });
const month = (name: string, received: string): AgingTable => ({ name, received, to: 'month' });

/**
 * Every table that ages, in the tier with which it goes. Attributions go with the spans, of which they repeat what was
 * done to what: without them there is nothing that they say something of.
 */
export const TABLES_OF_TIER: Readonly<Record<Tier, readonly AgingTable[]>> = {
  spans: [moment('otel_traces', 'ReceivedAt'), moment('attributions', 'KnownAt')],
  runs: [
    moment('runs', 'ReceivedAt'),
    moment('principal_runs', 'ReceivedAt'),
    month('revisions', 'ReceivedMonth'),
    moment('gaps', 'ReceivedAt'),
  ],
  causes: [moment('causes', 'ReceivedAt')],
  // What is inherited is taken off what was received: it may go before it, never after.
  activity: [month('principals_hourly', 'ReceivedMonth'), moment('inherited_hourly', 'Hour')],
  credentials: [moment('credential_records', 'ReceivedAt'), moment('credential_hours', 'Hour')],
  findings: [
    moment('findings', 'RecordedAt'),
    moment('finding_words', 'SaidAt'),
    moment('finding_deliveries', 'EventAt'),
  ],
};

/** What is kept for good, whatever is set. */
export const KEPT_TIERS = ['inventory', 'bookkeeping'] as const;

export type KeptTier = (typeof KEPT_TIERS)[number];

export const TABLES_KEPT: Readonly<Record<KeptTier, readonly string[]>> = {
  /**
   * What was ever seen or declared: as large as there are different things, whatever the traffic. Numbers of spans of a
   * process too: without its first ones, it would seem to have lost them.
   */
  inventory: [
    ...['principals', 'footprints', 'target_totals', 'scopes'],
    ...['inherited_footprints', 'inherited_monthly'],
    ...['principal_jobs', 'principal_owners', 'job_workloads'],
    ...['operations', 'process_sequences'],
    ...['credentials', 'credential_issues', 'credential_entries'],
    ...['finding_mutes', 'finding_rule_settings'],
  ],
  /** What the services remember of their own work, and clear away by themselves where it grows. */
  bookkeeping: [
    ...['attribution_watches', 'attribution_progress'],
    ...['finding_progress', 'schema_migrations'],
  ],
};
