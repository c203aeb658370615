import type { Action, CauseKind, Run } from '@whence/model';
import type { Missing } from './missing.ts';

/** What a run and all runs below it did, hung where it was caused. */
export interface RunTree {
  readonly run: Run;
  /** The run's opening span first; then what hangs nowhere, by start. */
  readonly roots: readonly TreeNode[];
  /** Exact, whatever of the tree is shown. */
  readonly totals: TreeTotals;
  /** There are more actions than `roots` holds. */
  readonly truncated: boolean;
  readonly missing: readonly Missing[];
}

export interface TreeNode {
  readonly action: Action;
  /** The kind of cause that leads from the node above to this one. Absent on a root, and where nothing but the run's reference joins the two. */
  readonly causedBy?: CauseKind;
  /** The run that this span opens. */
  readonly run?: Run;
  /** By start. */
  readonly children: readonly TreeNode[];
  /** Actions below this one that the depth asked for leaves out. */
  readonly omitted?: number;
}

export interface TreeTotals {
  readonly actions: number;
  readonly errors: number;
  readonly runs: number;
  readonly services: number;
}
