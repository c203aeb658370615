import { isShape } from '@whence/store';
import { type Ids, idsOf } from '../rows/ids.ts';
import type { Engine } from '../stage/engine.ts';
import { firstAbove, type Plan } from '../work/plan.ts';
import { Random } from '../work/random.ts';
import { type Place, shapeOf, type Truth, truthOf } from '../work/truth.ts';

/** An action that is asked about, with what is known of it. */
export interface Sample {
  readonly ids: Ids;
  readonly truth: Truth;
  /** Of the last action in the chain. */
  readonly top: Ids;
  /** Of the run that began it all. */
  readonly rootRunId?: string;
  /** As the row tells it; where it differs in ids from row to row, what these have in common. Empty: none. */
  readonly target: string;
  readonly startMillis: number;
}

export interface Samples {
  /** Any action but those of the two great executions, each as likely. */
  readonly any: readonly Sample[];
  /** In runs. */
  readonly inRuns: readonly Sample[];
  /** With a target that many others have. */
  readonly onTargets: readonly Sample[];
  /** With a URL that has an id in it: the target is the shape of all such. */
  readonly onShapes: readonly Sample[];
  /** That are linked to from another trace. */
  readonly causes: readonly Sample[];
  /** In runs too. */
  readonly greatRun: readonly Sample[];
  /** Empty in a small store. */
  readonly millionSpanTrace: readonly Sample[];
}

/** Drawn with a seed of their own: other questions, the same store. */
export const samplesOf = async (
  engine: Engine,
  plan: Plan,
  count: number,
  seed: number,
): Promise<Samples> => {
  const random = new Random(seed);
  const ordinary = (execution: number): boolean =>
    execution !== plan.greatRun && execution !== plan.millionSpanTrace;
  const anyPlace = (): Place => {
    const row = random.next() * plan.actions;
    const execution = firstAbove(plan.executions.firstRow, row) - 1;
    const last = plan.executions.count - 1;
    const found = plan.executions.firstRow[last]! <= row ? last : execution;
    return { execution: found, span: Math.floor(row - plan.executions.firstRow[found]!) };
  };
  const drawn = (suits: (place: Place) => boolean, from: () => Place = anyPlace): readonly Place[] => {
    const places: Place[] = [];
    while (places.length < count) {
      const place = from();
      if (suits(place)) places.push(place);
    }
    return places;
  };
  const within = (
    execution: number | undefined,
    suits: (place: Place) => boolean = () => true,
  ): readonly Place[] =>
    execution === undefined
      ? []
      : drawn(suits, () => ({
          execution,
          span: random.between(0, shapeOf(plan, execution).spans.trace.length - 1),
        }));
  const inRun = ({ execution, span }: Place): boolean => {
    const { spans } = shapeOf(plan, execution);
    return spans.run[span]! >= 0 && spans.stamp[span] !== 'refuted';
  };
  const linkedTo = (place: Place): boolean => effectsOf(plan, place.execution).has(place.span);
  const sampled = (places: readonly Place[]): Promise<readonly Sample[]> => withIds(engine, plan, places);
  return {
    any: await sampled(drawn(({ execution }) => ordinary(execution))),
    inRuns: await sampled(drawn((place) => ordinary(place.execution) && inRun(place))),
    onTargets: await sampled(drawn((place) => ordinary(place.execution) && isNamed(targetOf(plan, place)))),
    onShapes: await sampled(drawn((place) => ordinary(place.execution) && isShape(targetOf(plan, place)))),
    causes: await sampled(drawn((place) => ordinary(place.execution) && linkedTo(place))),
    greatRun: await sampled(within(plan.greatRun, inRun)),
    millionSpanTrace: await sampled(within(plan.millionSpanTrace)),
  };
};

const targetOf = (plan: Plan, { execution, span }: Place): string => {
  const kind = shapeOf(plan, execution).spans.kind[span]!;
  return plan.work.kinds[kind]!.target.replace(/\{[nshui]\}.*$/, '{id}');
};

const isNamed = (target: string): boolean => target !== '' && !target.includes('{id}');

const effects = new WeakMap<object, ReadonlySet<number>>();

/** Spans of an execution that others name as their cause. */
const effectsOf = (plan: Plan, execution: number): ReadonlySet<number> => {
  const shape = shapeOf(plan, execution);
  const known = effects.get(shape) ?? new Set([...shape.spans.links.values()].flat().map(({ to }) => to));
  effects.set(shape, known);
  return known;
};

const withIds = async (engine: Engine, plan: Plan, places: readonly Place[]): Promise<readonly Sample[]> => {
  const truths = places.map((place) => truthOf(plan, place));
  const ids = await idsOf(engine, plan, places);
  const tops = await idsOf(
    engine,
    plan,
    truths.map(({ place, chain }) => ({ execution: place.execution, span: chain.at(-1)! })),
  );
  const roots = await idsOf(
    engine,
    plan,
    truths.map(({ place, rootRun }) => ({ ...place, ...(rootRun === undefined ? {} : { run: rootRun }) })),
  );
  return truths.map((truth, index) => {
    const { execution, span } = truth.place;
    const { spans } = shapeOf(plan, execution);
    const rootRunId = roots[index]!.run;
    return {
      ids: ids[index]!,
      truth,
      top: tops[index]!,
      ...(rootRunId === undefined ? {} : { rootRunId }),
      target: targetOf(plan, truth.place),
      startMillis:
        plan.executions.startMillis[execution]! +
        (spans.startMicros[span]! * plan.executions.stretch[execution]!) / 1_000_000,
    };
  });
};
