import type { Cause, Run } from '@whence/model';
import { type OutlinedAction, spanKey } from '@whence/store';
import type { Ascent } from '../cause-kind.ts';
import type { Missing } from '../missing.ts';
import type { BranchTotals } from './run-tree.ts';

/** An action where it hangs. */
export interface Place {
  readonly item: OutlinedAction;
  above?: { readonly place: Place; readonly ascent: Ascent };
  /** By start. */
  readonly below: Place[];
  /** Everything below. */
  totals: BranchTotals;
}

export interface Forest {
  /** By start. */
  readonly roots: readonly Place[];
  /** Every action. */
  readonly places: readonly Place[];
  readonly missing: readonly Missing[];
}

/**
 * Hangs every action under what caused it: its parent span; else what a cause edge names; else, where it opens a run,
 * the parent run; else the opening span of its own run. What nothing of that is known for, and where a cycle had to be
 * cut, stands at the root. Every action appears exactly once, whatever the input.
 *
 * @param actions in any order.
 * @param runs as far as they are known.
 * @param causes edges between spans; those that point outside `actions` are passed over.
 */
export const hang = (
  actions: readonly OutlinedAction[],
  runs: readonly Run[],
  causes: readonly Cause[],
): Forest => {
  const places = [...actions]
    .sort(byStart)
    .map((item): Place => ({ item, below: [], totals: { actions: 0, errors: 0, runs: 0 } }));
  const runById = new Map(runs.map((run) => [run.id, run]));

  const above = placeFinder(places, runById, causes);
  for (const place of places) {
    const found = above(place.item);
    if (found !== undefined) place.above = found;
  }
  const missing = [...parentsMissing(places, runById), ...cutCycles(places)];
  for (const place of places) place.above?.place.below.push(place);
  const roots = places.filter((place) => place.above === undefined);
  addUp(roots);
  return { roots, places, missing };
};

/** Without recursion: a tree may be as deep as it has actions. */
const addUp = (roots: readonly Place[]): void => {
  const order = [...roots];
  for (let index = 0; index < order.length; index += 1) {
    for (const place of order[index]!.below) order.push(place);
  }
  for (const { above, item, totals } of order.toReversed()) {
    if (above === undefined) continue;
    const { place } = above;
    place.totals = {
      actions: place.totals.actions + totals.actions + 1,
      errors: place.totals.errors + totals.errors + Number(item.action.status === 'error'),
      runs: place.totals.runs + totals.runs + Number(item.opensRunId !== undefined),
    };
  }
};

const placeFinder = (
  places: readonly Place[],
  runs: ReadonlyMap<string, Run>,
  causes: readonly Cause[],
): ((record: OutlinedAction) => Place['above']) => {
  const ranked = places.toSorted((a, b) => Number(isClaim(a)) - Number(isClaim(b)));
  const bySpan = firstBy(ranked, ({ item }) => spanKey(item.action));
  const opening = firstBy(ranked, ({ item }) => item.opensRunId);
  const acting = firstBy(ranked, ({ item }) => item.action.runId);
  const causesByEffect = Map.groupBy(causes, ({ effect }) => ('spanId' in effect ? spanKey(effect) : ''));

  const byParent = ({ action }: OutlinedAction): Place['above'] => {
    const place =
      action.parentSpanId === undefined
        ? undefined
        : bySpan.get(spanKey({ traceId: action.traceId, spanId: action.parentSpanId }));
    return place && { place, ascent: { by: 'parent' } };
  };

  const byCause = ({ action }: OutlinedAction): Place['above'] => {
    const edges = causesByEffect.get(spanKey(action)) ?? [];
    for (const { cause, kind } of edges.toSorted(
      (a, b) => Number(a.kind === 'link') - Number(b.kind === 'link'),
    )) {
      const place = 'spanId' in cause ? bySpan.get(spanKey(cause)) : opening.get(cause.runId);
      if (place !== undefined && place.item.action !== action) return { place, ascent: { by: 'link', kind } };
    }
    return undefined;
  };

  const byRun = (record: OutlinedAction): Place['above'] => {
    const { runId } = record.action;
    if (runId === undefined) return undefined;
    const own = opening.get(runId);
    if (own !== undefined && own.item !== record) return { place: own, ascent: { by: 'reference' } };
    const passed = new Set<string>();
    for (
      let id = runs.get(runId)?.parentId;
      id !== undefined && !passed.has(id);
      id = runs.get(id)?.parentId
    ) {
      passed.add(id);
      const place = opening.get(id) ?? acting.get(id);
      if (place !== undefined && place.item !== record) return { place, ascent: { by: 'run' } };
    }
    return undefined;
  };

  return (record) => byParent(record) ?? byCause(record) ?? byRun(record);
};

const MISSING_SHOWN = 100;

/** One word for each parent that has not arrived, however many children it has. What opens the topmost run may have one elsewhere. */
const parentsMissing = (places: readonly Place[], runs: ReadonlyMap<string, Run>): readonly Missing[] => {
  const orphans = places.filter(({ item, above }) => {
    const opened = item.opensRunId === undefined ? undefined : runs.get(item.opensRunId);
    const isTop = opened !== undefined && (opened.parentId === undefined || !runs.has(opened.parentId));
    return item.action.parentSpanId !== undefined && above?.ascent.by !== 'parent' && !isTop;
  });
  const byParent = Map.groupBy(orphans, ({ item: { action } }) =>
    spanKey({ traceId: action.traceId, spanId: action.parentSpanId ?? '' }),
  );
  const parents = [...byParent.values()];
  return [
    ...parents.slice(0, MISSING_SHOWN).map((children) => parentMissing(children[0]!.item, children.length)),
    ...(parents.length > MISSING_SHOWN ? [moreParentsMissing(parents.length - MISSING_SHOWN)] : []),
  ];
};

/** Causes form a cycle where records contradict each other. The action of each cycle that began first becomes a root. */
const cutCycles = (places: readonly Place[]): readonly Missing[] => {
  const missing: Missing[] = [];
  const settled = new Set<Place>();
  const rank = new Map(places.map((place, index) => [place, index]));
  for (const start of places) {
    const path = new Set<Place>();
    let at: Place | undefined = start;
    while (at !== undefined && !settled.has(at) && !path.has(at)) {
      path.add(at);
      at = at.above?.place;
    }
    if (at !== undefined && path.has(at)) {
      const walked = [...path];
      const cycle = walked.slice(walked.indexOf(at));
      const first = cycle.reduce((a, b) => (rank.get(a)! < rank.get(b)! ? a : b));
      delete first.above;
      missing.push(cycleAt(first.item));
    }
    for (const place of path) settled.add(place);
  }
  return missing;
};

/** A claim never stands where a checked record does: as the span that opens a run, or as a parent. */
const isClaim = ({ item }: Place): boolean => item.action.assurance === 'asserted';

const firstBy = (
  places: readonly Place[],
  keyOf: (place: Place) => string | undefined,
): ReadonlyMap<string, Place> => {
  const first = new Map<string, Place>();
  for (const place of places) {
    const key = keyOf(place);
    if (key !== undefined && !first.has(key)) first.set(key, place);
  }
  return first;
};

const byStart = ({ action: a }: OutlinedAction, { action: b }: OutlinedAction): number =>
  compare(a.startTime, b.startTime) || compare(a.traceId, b.traceId) || compare(a.spanId, b.spanId);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const parentMissing = ({ action }: OutlinedAction, children: number): Missing => ({
  code: 'parent_missing',
  detail: `Span ${action.parentSpanId} of trace ${action.traceId}, the parent of ${children === 1 ? `span ${action.spanId}` : `${children} actions`}, is not among the actions of this tree.`,
});

const moreParentsMissing = (count: number): Missing => ({
  code: 'parent_missing',
  detail: `${count} more parents are not among the actions of this tree.`,
});

const cycleAt = ({ action }: OutlinedAction): Missing => ({
  code: 'cycle',
  detail: `The causes of span ${action.spanId} of trace ${action.traceId} lead back to it: it is shown as a root.`,
});
