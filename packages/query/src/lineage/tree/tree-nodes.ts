import type { Run, SpanRef } from '@whence/model';
import type { OutlinedAction, RecordedAction } from '@whence/store';
import { causeKindOf } from '../cause-kind.ts';
import type { Place } from './hang.ts';
import type { TreeNode } from './run-tree.ts';
import { type BranchPosition, positionOf, type ShownList, type ShownPart } from './shown-part.ts';

/** Where a branch, or the roots, goes on. */
export type MoreAt = (branch: SpanRef | undefined, after: BranchPosition | undefined) => string;

/** What is said of a list that is not shown whole. */
export const restOf = (
  { places, omitted }: ShownList,
  branch: SpanRef | undefined,
  moreAt: MoreAt,
): { readonly omitted?: number; readonly more?: string } => {
  if (omitted === 0) return {};
  const last = places.at(-1);
  return { omitted, more: moreAt(branch, last === undefined ? undefined : positionOf(last)) };
};

/** @param records of what is shown; one that is gone by now is passed over with its branch. */
export const nodesOf = (
  { roots, below, places }: ShownPart,
  records: ReadonlyMap<OutlinedAction, RecordedAction>,
  runs: ReadonlyMap<string, Run>,
  moreAt: MoreAt,
): readonly TreeNode[] => {
  const nodes = new Map<Place, TreeNode>();
  const found = (list: readonly Place[]): readonly TreeNode[] =>
    list.map((place) => nodes.get(place)).filter((node) => node !== undefined);

  for (const place of places.toReversed()) {
    const record = records.get(place.item);
    const list = below.get(place);
    if (record === undefined || list === undefined) continue;
    const { action } = record;
    const ownRun = action.runId === undefined ? undefined : runs.get(action.runId);
    const causedBy =
      place.above && causeKindOf(place.above.ascent, place.item, place.above.place.item, ownRun);
    const opened = place.item.opensRunId === undefined ? undefined : runs.get(place.item.opensRunId);
    nodes.set(place, {
      action,
      ...(causedBy === undefined ? {} : { causedBy }),
      ...(opened === undefined ? {} : { run: opened }),
      ...(place.totals.actions === 0 ? {} : { below: place.totals }),
      children: found(list.places),
      ...restOf(list, action, moreAt),
    });
  }
  return found(roots.places);
};
