import type { Cause } from '@whence/model';
import {
  type OutlinedAction,
  type Readers,
  type RecordedAction,
  type RecordedRun,
  spanKey,
} from '@whence/store';
import type { Missing } from '../missing.ts';
import { missingOfRunRecord } from '../what-is-missing.ts';
import { hang } from './hang.ts';
import type { RunTree, TreeTotals } from './run-tree.ts';
import { type PartAsked, shownPart } from './shown-part.ts';
import { type MoreAt, nodesOf, restOf } from './tree-nodes.ts';

/** Runs below one run that are looked up. */
const RUNS_LIMIT = 10_000;
/** Actions whose place in the tree is worked out. Beyond them a run is asked for further down. */
const OUTLINE_LIMIT = 250_000;

export type TreeOfRun =
  | { readonly status: 'told'; readonly tree: RunTree }
  /** The branch is not among the actions of the run. */
  | { readonly status: 'no_such_branch' };

/** Everything that a run and the runs below it did: whole where it fits, else the part that was asked for. */
export const treeOfRun = async (
  readers: Readers,
  { run, disputed }: RecordedRun,
  part: PartAsked,
  moreAt: MoreAt,
): Promise<TreeOfRun> => {
  const [runsBelow, found, { refuted, ...totals }] = await Promise.all([
    readers.runs.below(run, RUNS_LIMIT),
    readers.actions.below(run, part.limit),
    readers.actions.totalsBelow(run),
  ]);
  const outline = found.truncated ? await readers.actions.outlineBelow(run, OUTLINE_LIMIT) : undefined;
  const items: readonly OutlinedAction[] = outline?.actions ?? found.records;
  const runs = runsBelow.runs.map((recorded) => recorded.run);
  const forest = hang(items, runs, items.flatMap(causesOf));
  const shown = shownPart(forest, part);
  if (shown === undefined) return { status: 'no_such_branch' };

  const whole = new Map(found.records.map((record) => [record as OutlinedAction, record]));
  const records =
    outline === undefined
      ? whole
      : await recordsOf(
          readers,
          shown.places.map(({ item }) => item),
        );
  const beyond = outline?.truncated === true || runsBelow.truncated;
  const truncated = beyond || shown.places.length < forest.places.length;
  return {
    status: 'told',
    tree: {
      run,
      roots: nodesOf(shown, records, new Map(runs.map((each) => [each.id, each])), moreAt),
      totals,
      truncated,
      ...restOf(shown.roots, undefined, moreAt),
      missing: [
        ...missingOfRunRecord(run, disputed, run.authority !== undefined),
        ...(truncated ? [whatIsLeftOut(totals, records.size, beyond)] : []),
        ...(refuted > 0 ? [whatIsRefuted(refuted)] : []),
        ...whatIsClaimed(items),
        ...forest.missing,
      ],
    },
  };
};

const recordsOf = async (
  readers: Readers,
  items: readonly OutlinedAction[],
): Promise<ReadonlyMap<OutlinedAction, RecordedAction>> => {
  const byKey = new Map<string, RecordedAction>();
  for (const record of await readers.actions.some(items.map(({ action }) => action))) {
    const key = spanKey(record.action);
    if (!byKey.has(key)) byKey.set(key, record);
  }
  const found = items.map((item) => [item, byKey.get(spanKey(item.action))] as const);
  return new Map(
    found.filter((entry): entry is readonly [OutlinedAction, RecordedAction] => entry[1] !== undefined),
  );
};

const causesOf = ({ action, links }: OutlinedAction): readonly Cause[] =>
  links.map(({ kind, traceId, spanId }) => ({
    kind,
    cause: { traceId, spanId },
    effect: { traceId: action.traceId, spanId: action.spanId },
  }));

const whatIsLeftOut = (totals: TreeTotals, shown: number, beyond: boolean): Missing => ({
  code: 'tree_truncated',
  detail: beyond
    ? `${shown} of ${totals.actions} actions are shown, and the run is too large for every branch to be known: ask for a run further down.`
    : `${shown} of ${totals.actions} actions are shown: "more" of a branch leads on.`,
});

const whatIsClaimed = (records: readonly OutlinedAction[]): readonly Missing[] => {
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

const whatIsRefuted = (count: number): Missing => ({
  code: 'refuted',
  detail: `${count} ${count === 1 ? 'action' : 'actions'} came with a forged or damaged reference to this run or one below it, and ${count === 1 ? 'is' : 'are'} left out.`,
});
