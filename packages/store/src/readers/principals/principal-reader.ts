import type { Assurance, Authority, Outcome, Principal } from '@whence/model';
import type { Doings } from './doings.ts';
import type { Ranked } from './ranked.ts';

/**
 * Reads who acts, of one tenant: principals that did something, and those that only had runs. Counted are records as
 * they were received; whose they are is told as it is known when it is asked. A refuted reference is nobody's. What is
 * inherited counts too, each action once, as far as it was counted.
 *
 * Every method throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface PrincipalReader {
  /** By the order asked for. A principal that acts meanwhile moves in orders other than `id` and `first_seen`. */
  list(search: PrincipalSearch): Promise<PrincipalPage>;
  /** Absent: neither an action nor a run of it is known. */
  byId(id: string): Promise<PrincipalSummary | undefined>;
  /** What one principal is made of; each list holds at most `limit`, the most first. */
  profile(id: string, limit: number): Promise<PrincipalProfile>;
  /** Workloads that had its runs started, as the issuer authenticated them; of very many, some. Claims do not count. */
  starters(id: string): Promise<readonly string[]>;
  /** What it did to what, what was first done last first. */
  footprint(id: string, page: FootprintAsked): Promise<FootprintPage>;
  /** Steps in which it did something, oldest first. */
  activity(id: string, range: ActivityRange): Promise<readonly ActivityStep[]>;
}

export const PRINCIPAL_ORDERS = ['last_seen', 'first_seen', 'actions', 'id'] as const;

/** Newest, most, or first in the alphabet first; equals by id. */
export type PrincipalOrder = (typeof PRINCIPAL_ORDERS)[number];

export interface PrincipalSearch {
  readonly filter: PrincipalFilter;
  readonly order: PrincipalOrder;
  /** From 1 to 1000. */
  readonly limit: number;
  readonly after?: PrincipalPosition;
}

/** What is absent does not narrow. Moments are nanoseconds since the epoch. */
export interface PrincipalFilter {
  readonly kind?: Principal['kind'];
  /** Part of the id, upper and lower case alike. */
  readonly text?: string;
  /** Not seen then or later. */
  readonly unseenSinceNanos?: bigint;
  /** Inclusive. */
  readonly firstSeenFromNanos?: bigint;
  /** Exclusive. */
  readonly firstSeenToNanos?: bigint;
  readonly ownership?: OwnershipFilter;
}

/** Who answers for a principal: what was declared to the store counts before what patterns say. */
export interface OwnershipFilter {
  /** `*` for any characters; the first that fits a principal's id counts. */
  readonly patterns: readonly string[];
  /** Places in `patterns`, from 1, that meet what is asked for; or 0 alone: it is met by what no pattern fits. */
  readonly places: readonly number[];
  /** Declared owner: this one, or none but one of these teams. */
  readonly owner?: { readonly id: string; readonly teams: readonly string[] };
  /** Declared team. */
  readonly team?: string;
  /** Whether anything declared can meet what is asked for; it must fit owner and team too. */
  readonly declared: boolean;
}

/** Where a page ended. */
export interface PrincipalPosition {
  /** Of what the order goes by: nanoseconds, actions, or 0 for `id`. */
  readonly value: bigint;
  readonly id: string;
}

export interface PrincipalPage {
  readonly principals: readonly PrincipalSummary[];
  /** Absent: this was the last page. */
  readonly next?: PrincipalPosition;
}

export interface PrincipalSummary extends Principal, Doings {
  /** Runs whose start is on record, claimed ones counted too. */
  readonly runs: number;
  /** By assurance; those under which nothing was done are left out. */
  readonly assurances: Readonly<Partial<Record<Assurance, number>>>;
  /** Latest first. */
  readonly jobs: Ranked<string>;
  /** By actions. */
  readonly services: Ranked<string>;
  /** Different ones, ever. */
  readonly targets: number;
}

/** Names that a summary holds of each list. */
export const NAMES_PER_SUMMARY = 20;

export interface PrincipalProfile {
  /** Workloads that acted as it, as authenticated. Absent: nobody was. */
  readonly actors: Ranked<Doings & { readonly actor?: string }>;
  readonly services: Ranked<Doings & { readonly service: string }>;
  readonly authorities: Ranked<AuthorityUse>;
  /** Latest first. */
  readonly jobs: Ranked<JobUse>;
  readonly operations: Ranked<Doings & { readonly system?: string; readonly operation: string }>;
  readonly targets: Ranked<Doings & { readonly target: string }>;
}

/** Moments are RFC 3339 with milliseconds. */
export interface AuthorityUse {
  /** Absent: runs that nothing allowed, as far as is known. */
  readonly authority?: Authority;
  readonly runs: number;
  readonly firstStartedAt: string;
  readonly lastStartedAt: string;
}

export interface JobUse {
  readonly job: string;
  readonly runs: number;
  readonly ended: number;
  /** Ended otherwise than in success. */
  readonly failed: number;
  readonly firstStartedAt: string;
  readonly lastStartedAt: string;
  readonly lastRunId: string;
  /** Of the one that ended last. Absent: none has, or it did not say. */
  readonly lastOutcome?: Outcome;
  readonly lastEndedAt?: string;
}

export interface FootprintAsked {
  /** From 1 to 1000. */
  readonly limit: number;
  readonly after?: FootprintPosition;
}

/** Where a page ended: the first time, and what was done, which tells equals apart. */
export interface FootprintPosition {
  readonly firstNanos: bigint;
  readonly system: string;
  readonly operation: string;
  readonly target: string;
}

export interface Footprint extends Doings {
  readonly system?: string;
  readonly operation?: string;
  readonly target?: string;
}

export interface FootprintPage {
  readonly footprints: readonly Footprint[];
  readonly next?: FootprintPosition;
}

export const STEPS = ['hour', 'day'] as const;

export type Step = (typeof STEPS)[number];

/** Whole hours, seconds since the epoch. */
export interface HourRange {
  /** Inclusive. */
  readonly fromSeconds: number;
  /** Exclusive. */
  readonly toSeconds: number;
}

export interface ActivityRange extends HourRange {
  readonly every: Step;
}

export interface ActivityStep {
  /** RFC 3339: when the hour or day (UTC) began. */
  readonly at: string;
  readonly actions: number;
  readonly errors: number;
  /** Runs that acted; exact for a few, within 2 % for many. */
  readonly runs: number;
}
