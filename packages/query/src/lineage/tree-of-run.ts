import type { Cause } from '@whence/model';
import type { Readers, RecordedAction, RecordedRun } from '@whence/store';
import { assembleTree } from './assemble-tree.ts';
import type { Missing } from './missing.ts';
import type { RunTree, TreeTotals } from './run-tree.ts';
import { missingOfRunRecord } from './what-is-missing.ts';

/** Runs below one run that are looked up. */
const RUNS_LIMIT = 10_000;

export interface TreeBounds {
  /** Actions at most. */
  readonly limit: number;
  /** Levels at most. */
  readonly depth: number;
}

/** Everything that a run and the runs below it did. */
export const treeOfRun = async (
  readers: Readers,
  { run, disputed }: RecordedRun,
  { limit, depth }: TreeBounds,
): Promise<RunTree> => {
  const [below, actions, counted] = await Promise.all([
    readers.runs.below(run, RUNS_LIMIT),
    readers.actions.below(run, limit),
    readers.actions.totalsBelow(run),
  ]);
  const runs = below.runs.map((recorded) => recorded.run);
  const tree = assembleTree(actions.records, runs, actions.records.flatMap(causesOf), depth);
  const { refuted, ...totals } = counted;
  const truncated = actions.truncated || below.truncated || tree.omitted > 0;
  return {
    run,
    roots: tree.roots,
    totals,
    truncated,
    missing: [
      ...missingOfRunRecord(run, disputed, run.authority !== undefined),
      ...(truncated ? [whatIsLeftOut(totals, actions.records.length - tree.omitted)] : []),
      ...(refuted > 0 ? [whatIsRefuted(refuted)] : []),
      ...whatIsClaimed(actions.records),
      ...whatIsInherited(actions.records),
      ...tree.missing,
    ],
  };
};

const causesOf = ({ action, links }: RecordedAction): readonly Cause[] =>
  links.map(({ kind, traceId, spanId }) => ({
    kind,
    cause: { traceId, spanId },
    effect: { traceId: action.traceId, spanId: action.spanId },
  }));

const whatIsLeftOut = (totals: TreeTotals, shown: number): Missing => ({
  code: 'tree_truncated',
  detail: `${shown} of ${totals.actions} actions are shown: ask with a greater limit or depth, or for a run further down.`,
});

const whatIsClaimed = (records: readonly RecordedAction[]): readonly Missing[] => {
  const claimed = records.filter(({ action }) => action.assurance === 'asserted').length;
  return claimed === 0
    ? []
    : [
        {
          code: 'asserted_only',
          detail: `${claimed} of the actions ${claimed === 1 ? 'is' : 'are'} part of this by a claim alone: the reference carries no proof.`,
        },
      ];
};

const whatIsInherited = (records: readonly RecordedAction[]): readonly Missing[] => {
  const inherited = records.filter(({ action }) => action.assurance === 'inherited').length;
  return inherited === 0
    ? []
    : [
        {
          code: 'inherited_only',
          detail: `${inherited} of the actions came without a reference and ${inherited === 1 ? 'is' : 'are'} part of this by ${inherited === 1 ? 'its' : 'their'} parents and links, as far as that has been worked out.`,
        },
      ];
};

const whatIsRefuted = (count: number): Missing => ({
  code: 'refuted',
  detail: `${count} ${count === 1 ? 'action' : 'actions'} came with a forged or damaged reference to this run or one below it, and ${count === 1 ? 'is' : 'are'} left out.`,
});
