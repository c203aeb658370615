import type { Action, CauseKind, Run } from '@whence/model';
import type { Missing } from '../missing.ts';

/** What a run and all runs below it did, hung where it was caused: all of it, or a part and where the rest is. */
export interface RunTree {
  readonly run: Run;
  /** The run's opening span first; then what hangs nowhere, by start. Of a branch: the action that was asked for. */
  readonly roots: readonly TreeNode[];
  /** Exact, whatever of the tree is shown. */
  readonly totals: TreeTotals;
  /** There are more actions than `roots` holds. */
  readonly truncated: boolean;
  /** Actions of roots that are not shown. */
  readonly omitted?: number;
  /** Where the roots go on. */
  readonly more?: string;
  readonly missing: readonly Missing[];
}

export interface TreeNode {
  readonly action: Action;
  /** The kind of cause that leads from the node above to this one. Absent on a root, and where nothing but the run's reference joins the two. */
  readonly causedBy?: CauseKind;
  /** The run that this span opens. */
  readonly run?: Run;
  /** Everything below this action, shown or not. Absent: there is nothing. */
  readonly below?: BranchTotals;
  /** By start. */
  readonly children: readonly TreeNode[];
  /** Actions of branches of this one that are not shown. */
  readonly omitted?: number;
  /** Where this branch goes on. */
  readonly more?: string;
}

export interface BranchTotals {
  readonly actions: number;
  readonly errors: number;
  /** Runs that are opened there. */
  readonly runs: number;
}

export interface TreeTotals {
  readonly actions: number;
  readonly errors: number;
  readonly runs: number;
  readonly services: number;
}
