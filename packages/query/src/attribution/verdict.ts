import type { InheritanceWay, SpanRef } from '@whence/model';
import type { EvidencedRun, SpanEvidence } from '@whence/store';

/** Why nothing is taken over. Closed: every one of them has its words in `why-not.ts`. */
export const REASONS = [
  /** The top of a trace, and nothing that says by whom it was brought about. */
  'nothing_above',
  /** A parent span has not arrived. */
  'parent_missing',
  /** A span that a link names as the cause has not arrived. */
  'cause_missing',
  /** Parents or links lead back to where they came from. */
  'cycle',
  /** Above it stands an action whose reference failed its check, */
  'refuted',
  /** or is a claim, */
  'asserted',
  /** or of which the process itself could not tell whose it was, */
  'in_doubt',
  /** or of which there are records that contradict each other. */
  'contested',
  /** What brought it about belongs to several runs, or to more than can be looked at. */
  'several_causes',
  /** It began something of its own: a run, what was handed over to somebody else, a tick, a call that is not taken on trust. */
  'own_work',
  /** It was sent by another workload than what is above it, and neither of them says that a call went from one to the other. */
  'other_sender',
  /** One call above it has arrived more than once. */
  'several_arrivals',
  /** More steps up than are followed. */
  'too_far',
  /** More spans than are read at once. */
  'too_large',
  /** A mark of the recorder, not an action. */
  'mark',
] as const;

export type Reason = (typeof REASONS)[number];

/** What arrives later may change these into something else. None of them says anything against what was known before. */
export const isOfAbsence = (because: Reason): boolean =>
  because === 'nothing_above' ||
  because === 'parent_missing' ||
  because === 'cause_missing' ||
  because === 'too_large';

export type Verdict =
  /** It has a reference of its own, which nothing overwrites. */
  { readonly status: 'own' } | InheritedVerdict | NotInherited;

export interface InheritedVerdict {
  readonly status: 'inherited';
  /** The verified action that it rests on. */
  readonly source: SpanEvidence & { readonly run: EvidencedRun };
  readonly via: InheritanceWay;
  readonly hops: number;
  /** Somewhere on the way one workload's word joins it to what another one sent. */
  readonly crossesSenders: boolean;
}

export interface NotInherited {
  readonly status: 'not_inherited';
  readonly because: Reason;
  /** The action at which the way up ends. */
  readonly at: SpanRef;
}
