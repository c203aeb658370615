import type { Cause, Run } from '@whence/model';
import { type RecordedAction, spanKey } from '@whence/store';
import { type Ascent, causeKindOf } from './cause-kind.ts';
import type { Missing } from './missing.ts';
import type { TreeNode } from './run-tree.ts';

export interface AssembledTree {
  readonly roots: readonly TreeNode[];
  readonly missing: readonly Missing[];
  /** Actions left out below the depth asked for. */
  readonly omitted: number;
}

interface Place {
  readonly record: RecordedAction;
  above?: { readonly place: Place; readonly ascent: Ascent };
  readonly below: Place[];
}

/**
 * Hangs every action under what caused it: its parent span; else what a cause edge names; else, where it opens a run,
 * the parent run; else the opening span of its own run. What nothing of that is known for, and where a cycle had to be
 * cut, stands at the root. Every action appears exactly once, whatever the input.
 *
 * @param actions in any order.
 * @param runs as far as they are known.
 * @param causes edges between spans; those that point outside `actions` are passed over.
 * @param depth levels shown, from 1.
 */
export const assembleTree = (
  actions: readonly RecordedAction[],
  runs: readonly Run[],
  causes: readonly Cause[],
  depth = Number.POSITIVE_INFINITY,
): AssembledTree => {
  const places = [...actions].sort(byStart).map((record): Place => ({ record, below: [] }));
  const runById = new Map(runs.map((run) => [run.id, run]));

  const above = placeFinder(places, runById, causes);
  for (const place of places) {
    const found = above(place.record);
    if (found !== undefined) place.above = found;
  }
  const missing = [...parentsMissing(places, runById), ...cutCycles(places)];
  for (const place of places) place.above?.place.below.push(place);

  const roots = places.filter((place) => place.above === undefined);
  const shown = nodesOf(roots, runById, depth);
  return { roots: shown.nodes, missing, omitted: shown.omitted };
};

const placeFinder = (
  places: readonly Place[],
  runs: ReadonlyMap<string, Run>,
  causes: readonly Cause[],
): ((record: RecordedAction) => Place['above']) => {
  const ranked = places.toSorted((a, b) => Number(isClaim(a)) - Number(isClaim(b)));
  const bySpan = firstBy(ranked, ({ record }) => spanKey(record.action));
  const opening = firstBy(ranked, ({ record }) => record.opensRunId);
  const acting = firstBy(ranked, ({ record }) => record.action.runId);
  const causesByEffect = Map.groupBy(causes, ({ effect }) => ('spanId' in effect ? spanKey(effect) : ''));

  const byParent = ({ action }: RecordedAction): Place['above'] => {
    const place =
      action.parentSpanId === undefined
        ? undefined
        : bySpan.get(spanKey({ traceId: action.traceId, spanId: action.parentSpanId }));
    return place && { place, ascent: { by: 'parent' } };
  };

  const byCause = ({ action }: RecordedAction): Place['above'] => {
    const edges = causesByEffect.get(spanKey(action)) ?? [];
    for (const { cause, kind } of edges.toSorted(
      (a, b) => Number(a.kind === 'link') - Number(b.kind === 'link'),
    )) {
      const place = 'spanId' in cause ? bySpan.get(spanKey(cause)) : opening.get(cause.runId);
      if (place !== undefined && place.record.action !== action)
        return { place, ascent: { by: 'link', kind } };
    }
    return undefined;
  };

  const byRun = (record: RecordedAction): Place['above'] => {
    const { runId } = record.action;
    if (runId === undefined) return undefined;
    const own = opening.get(runId);
    if (own !== undefined && own.record !== record) return { place: own, ascent: { by: 'reference' } };
    const passed = new Set<string>();
    for (
      let id = runs.get(runId)?.parentId;
      id !== undefined && !passed.has(id);
      id = runs.get(id)?.parentId
    ) {
      passed.add(id);
      const place = opening.get(id) ?? acting.get(id);
      if (place !== undefined && place.record !== record) return { place, ascent: { by: 'run' } };
    }
    return undefined;
  };

  return (record) => byParent(record) ?? byCause(record) ?? byRun(record);
};

/** One word for each parent that has not arrived, however many children it has. What opens the topmost run may have one elsewhere. */
const parentsMissing = (places: readonly Place[], runs: ReadonlyMap<string, Run>): readonly Missing[] => {
  const orphans = places.filter(({ record, above }) => {
    const opened = record.opensRunId === undefined ? undefined : runs.get(record.opensRunId);
    const isTop = opened !== undefined && (opened.parentId === undefined || !runs.has(opened.parentId));
    return record.action.parentSpanId !== undefined && above?.ascent.by !== 'parent' && !isTop;
  });
  const byParent = Map.groupBy(orphans, ({ record: { action } }) =>
    spanKey({ traceId: action.traceId, spanId: action.parentSpanId ?? '' }),
  );
  return [...byParent.values()].map((children) => parentMissing(children[0]!.record, children.length));
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
      missing.push(cycleAt(first.record));
    }
    for (const place of path) settled.add(place);
  }
  return missing;
};

/** Without recursion: a tree may be as deep as it has actions. */
const nodesOf = (
  roots: readonly Place[],
  runs: ReadonlyMap<string, Run>,
  depth: number,
): { readonly nodes: readonly TreeNode[]; readonly omitted: number } => {
  const order: { place: Place; level: number }[] = roots.map((place) => ({ place, level: 1 }));
  for (let index = 0; index < order.length; index += 1) {
    const { place, level } = order[index]!;
    for (const below of place.below) order.push({ place: below, level: level + 1 });
  }
  const nodes = new Map<Place, TreeNode>();
  const hidden = new Map<Place, number>();
  let omitted = 0;
  for (const { place, level } of order.toReversed()) {
    const inside = place.below.reduce((sum, below) => sum + (hidden.get(below) ?? 0), 0);
    if (level > depth) {
      hidden.set(place, inside + 1);
      omitted += 1;
      continue;
    }
    nodes.set(place, nodeOf(place, nodes, runs, inside));
  }
  return { nodes: roots.map((place) => nodes.get(place)!), omitted };
};

const nodeOf = (
  { record, above, below }: Place,
  nodes: ReadonlyMap<Place, TreeNode>,
  runs: ReadonlyMap<string, Run>,
  omitted: number,
): TreeNode => {
  const ownRun = record.action.runId === undefined ? undefined : runs.get(record.action.runId);
  const causedBy = above && causeKindOf(above.ascent, record, above.place.record, ownRun);
  const opened = record.opensRunId === undefined ? undefined : runs.get(record.opensRunId);
  return {
    action: record.action,
    ...(causedBy === undefined ? {} : { causedBy }),
    ...(opened === undefined ? {} : { run: opened }),
    children: below.map((place) => nodes.get(place)).filter((node) => node !== undefined),
    ...(omitted === 0 ? {} : { omitted }),
  };
};

/** A claim never stands where a checked record does: as the span that opens a run, or as a parent. */
const isClaim = ({ record }: Place): boolean => record.action.assurance === 'asserted';

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

const byStart = ({ action: a }: RecordedAction, { action: b }: RecordedAction): number =>
  compare(a.startTime, b.startTime) || compare(a.traceId, b.traceId) || compare(a.spanId, b.spanId);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const parentMissing = ({ action }: RecordedAction, children: number): Missing => ({
  code: 'parent_missing',
  detail: `Span ${action.parentSpanId} of trace ${action.traceId}, the parent of ${children === 1 ? `span ${action.spanId}` : `${children} actions`}, is not among the actions of this tree.`,
});

const cycleAt = ({ action }: RecordedAction): Missing => ({
  code: 'cycle',
  detail: `The causes of span ${action.spanId} of trace ${action.traceId} lead back to it: it is shown as a root.`,
});
