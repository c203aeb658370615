/** What an answer lacks or cannot prove. Closed: every code is told apart by callers. */
export const MISSING_CODES = [
  /** The action came with no reference: nobody is named. */
  'no_reference',
  /** No reference came, and nothing above it says whose work it was either. */
  'not_inherited',
  /** No reference came: whose work it was is told by what is above it alone. */
  'inherited_only',
  /** A reference came, and its check failed. */
  'refuted',
  /** The reference is a claim without proof. */
  'asserted_only',
  /** The run's record has not arrived. */
  'run_unknown',
  /** The run has not ended, as far as is known. */
  'run_open',
  /** The run's opening span, or every action of it, has not arrived. */
  'run_span_missing',
  /** The run's record names nothing that allowed it. */
  'no_authority',
  /** A parent span has not arrived. */
  'parent_missing',
  /** A span that a link names as the cause has not arrived. */
  'cause_missing',
  /** What is missing may have been received, and is no longer kept. */
  'not_kept',
  /** There are further causes, which the chain does not follow. */
  'other_causes',
  /** Further actions come into question; they are given beside the first. */
  'other_candidates',
  /** More actions come into question than were compared. */
  'candidates_truncated',
  /** The action's own reference holds, but those of actions on its chain do not, or are missing. */
  'chain_unproven',
  /** There is more than is shown. */
  'chain_truncated',
  'tree_truncated',
  /** Causes lead back to where they came from. */
  'cycle',
  /** The process could not tell in which of several runs it did this. */
  'run_conflict',
  /** Done in the context of a run after its end. */
  'run_ended',
  /** The action had not ended when this was recorded. */
  'not_ended',
  /** Records contradict each other. */
  'conflict',
  /** Only one party reported the action. */
  'one_witness',
  /** No checkpoint covers it. */
  'not_sealed',
] as const;

export type MissingCode = (typeof MISSING_CODES)[number];

export interface Missing {
  readonly code: MissingCode;
  /** For people. */
  readonly detail: string;
}
