import type { Action, Assurance, Authority, CauseKind, PrincipalKind, Run, Witness } from '@whence/model';
import type { Missing } from './missing.ts';

/** The answer to "who caused this?". A field that is absent is not known, and `missing` says so. */
export interface WhoAnswer {
  /** The whole answer in plain English. */
  readonly sentence: string;
  /** Absent where a run was asked for of which no action has arrived. */
  readonly action?: Action;
  readonly principal?: NamedPrincipal;
  readonly run?: Run;
  /** The run whose principal handed over to that of `run`, where it was begun by a handoff. */
  readonly handedOffBy?: Run;
  readonly authority?: Authority;
  /** From the action up to the root. */
  readonly chain: readonly ChainEntry[];
  /** Who reported the action; the record that the answer is about comes first. */
  readonly witnesses: readonly WitnessSeen[];
  /** Of what was asked for by what it did: actions that may be the one, the likeliest first. The answer is about the first. */
  readonly candidates?: readonly Candidate[];
  /** What was received after this moment is left out, as was asked. RFC 3339. */
  readonly asOf?: string;
  readonly missing: readonly Missing[];
}

export interface Candidate {
  readonly action: Action;
  /** What speaks for it, and against: for people. */
  readonly why: readonly string[];
}

export interface NamedPrincipal {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly assurance: Assurance;
  /** What the assurance rests on, for people. */
  readonly how: string;
}

export interface ChainEntry {
  readonly action: Action;
  /** The kind of cause that leads from this entry to the next. Absent on the last, and where nothing but the run's reference joins the two. */
  readonly causedBy?: CauseKind;
  /** The run that the chain leaves here: the next entry belongs to another one. */
  readonly run?: Run;
}

export interface WitnessSeen {
  readonly witness: Witness;
  /** The workload that reported it, as authenticated. */
  readonly actor?: string;
  /** Whether it says the same as the first. Absent: the two say nothing that could be compared. */
  readonly agrees?: boolean;
}
