import type { SpanRef } from '@whence/model';
import { spanKey } from '@whence/store';
import type { Forest, Place } from './hang.ts';

/** Where a list of actions below one another ended: the last that was shown. */
export interface BranchPosition extends SpanRef {
  readonly startTime: string;
}

export interface PartAsked {
  /** Actions at most, from 1. */
  readonly limit: number;
  /** Levels at most, from 1. */
  readonly depth: number;
  /** Only what hangs below this action, which is shown besides: so every page leads on. Absent: everything. */
  readonly branch?: SpanRef;
  /** Where the list of the branch's children, or of the roots, ended on the page before. */
  readonly after?: BranchPosition;
}

/** What is shown below one action, or at the root. */
export interface ShownList {
  readonly places: readonly Place[];
  /** Actions that are not shown here, in what follows and below it. */
  readonly omitted: number;
}

export interface ShownPart {
  readonly roots: ShownList;
  readonly below: ReadonlyMap<Place, ShownList>;
  /** In the order in which they were chosen. */
  readonly places: readonly Place[];
}

/** Actions below one another that are shown at once, where not the whole fits: no branch hides its neighbours. */
const BRANCH_PAGE = 100;

/** The part of a forest that fits, the upper levels first. Undefined: there is no such branch. */
export const shownPart = (forest: Forest, asked: PartAsked): ShownPart | undefined => {
  const { after } = asked;
  const branch = asked.branch === undefined ? undefined : placeOf(forest, asked.branch);
  if (asked.branch !== undefined && branch === undefined) return undefined;

  const besides = branch === undefined ? 0 : 1;
  const [limit, depth] = [asked.limit + besides, asked.depth + besides];
  const page = forest.places.length <= limit ? limit : BRANCH_PAGE;
  const order: { readonly place: Place; readonly level: number }[] = [];
  const below = new Map<Place, ShownList>();
  const take = (candidates: readonly Place[], level: number, most: number): ShownList => {
    const room = level > depth ? 0 : Math.min(most, limit - order.length);
    const places = candidates.slice(0, room);
    for (const place of places) order.push({ place, level });
    return { places, omitted: candidates.slice(room).reduce((sum, place) => sum + sizeOf(place), 0) };
  };

  const roots =
    branch === undefined ? take(following(forest.roots, after), 1, limit) : take([branch], 1, limit);
  for (let index = 0; index < order.length; index += 1) {
    const { place, level } = order[index]!;
    const candidates = place === branch ? following(place.below, after) : place.below;
    below.set(place, take(candidates, level + 1, place === branch ? limit : page));
  }
  return { roots, below, places: order.map(({ place }) => place) };
};

export const positionOf = ({ item: { action } }: Place): BranchPosition => ({
  startTime: action.startTime,
  traceId: action.traceId,
  spanId: action.spanId,
});

const sizeOf = ({ totals }: Place): number => totals.actions + 1;

const placeOf = ({ places }: Forest, branch: SpanRef): Place | undefined =>
  places.find(({ item }) => spanKey(item.action) === spanKey(branch));

const following = (places: readonly Place[], after: BranchPosition | undefined): readonly Place[] =>
  after === undefined ? places : places.filter((place) => isAfter(positionOf(place), after));

const isAfter = (a: BranchPosition, b: BranchPosition): boolean => {
  if (a.startTime !== b.startTime) return a.startTime > b.startTime;
  return spanKey(a) > spanKey(b);
};
