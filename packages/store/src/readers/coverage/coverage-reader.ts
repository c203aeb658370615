import type { Assurance, Witness } from '@whence/model';
import type { HourRange, Step } from '../principals/principal-reader.ts';

/**
 * Reads how much of what was done is attributed, and how surely, of one tenant, by whole hours. Counted are records,
 * refuted ones and those without any reference too. Of these what is inherited, as far as it was counted, is under whom
 * it is attributed to, and no longer under nobody.
 *
 * @throws StoreError `store_unavailable` or `store_refused`, and nothing else.
 */
export interface CoverageReader {
  read(asked: CoverageAsked): Promise<Coverage>;
}

export const COVERAGE_DIMENSIONS = ['principal', 'service', 'system'] as const;

export type CoverageDimension = (typeof COVERAGE_DIMENSIONS)[number];

/** What is absent does not narrow. */
export interface CoverageFilter {
  readonly principal?: string;
  readonly service?: string;
  readonly system?: string;
  readonly witness?: Witness;
}

export interface CoverageAsked extends HourRange {
  /** What is counted apart; none: everything together. */
  readonly by: readonly CoverageDimension[];
  readonly every?: Step;
  readonly filter: CoverageFilter;
  /** Groups at most, those with the most records first. */
  readonly limit: number;
}

export interface Counts {
  readonly actions: number;
  readonly assurances: Readonly<Record<Assurance, number>>;
  readonly witnesses: Readonly<Record<Witness, number>>;
}

/** Absent in a group: there was none. */
export type CoverageGroup = Counts & { readonly [Dimension in CoverageDimension]?: string } & {
  readonly steps: readonly CoverageStep[];
};

export type CoverageStep = Counts & {
  /** RFC 3339: when the hour or day (UTC) began. */
  readonly at: string;
};

export interface Coverage {
  readonly totals: Counts;
  /** Those in which something was done, oldest first; none where no step was asked for. */
  readonly steps: readonly CoverageStep[];
  readonly groups: readonly CoverageGroup[];
  /** Groups that there are. */
  readonly groupCount: number;
}
