import type { Action, Assurance, Authority, CauseKind, PrincipalKind, Run, Witness } from '@whence/model';

/** An action, and what it caused. */
export interface TreeNode {
  readonly action: Action;
  /** The kind of the edge to the node above. */
  readonly causedBy?: CauseKind;
  readonly children: readonly TreeNode[];
  /** The run that this action's span opens. */
  readonly run?: Run;
}

/** `GET /v1/runs/{id}/tree` */
export interface TreeAnswer {
  readonly run: Run;
  /** More than one where spans are missing between them, or where a run spans several traces. */
  readonly roots: readonly TreeNode[];
  readonly totals: {
    readonly actions: number;
    readonly errors: number;
    readonly runs: number;
    readonly services: number;
  };
  /** There is more below than is shown. */
  readonly truncated: boolean;
}

export interface ChainLink {
  readonly action: Action;
  /** The kind of the edge to the next link, its cause. */
  readonly causedBy?: CauseKind;
  readonly run?: Run;
}

/** `GET /v1/who` */
export interface WhoAnswer {
  readonly sentence: string;
  readonly action: Action;
  readonly principal?: {
    readonly id: string;
    readonly kind: PrincipalKind;
    readonly assurance: Assurance;
    /** How it is known, in words. */
    readonly how: string;
  };
  readonly run?: Run;
  readonly authority?: Authority;
  /** From the action up to the root. */
  readonly chain: readonly ChainLink[];
  readonly witnesses: readonly (Witness | WitnessNote)[];
  readonly missing: readonly { readonly code: string; readonly detail: string }[];
}

export interface WitnessNote {
  readonly witness: Witness;
  /** The workload whose record it is. */
  readonly actor?: string;
  readonly detail?: string;
}
