import { greatRun, millionSpanTrace, ordinaryShapes } from './job-shapes.ts';
import { principals, type WorkPrincipal } from './principals.ts';
import { Random } from './random.ts';
import { type Service, services } from './services.ts';
import type { Shape } from './shape.ts';
import { type Work, workOf } from './span-kinds.ts';

/**
 * Everything that is to happen, from the seed: which job is executed when, by whom. Small enough to be kept whole: what
 * differs from execution to execution beyond this, the engine makes from its number.
 */
export interface Plan {
  readonly seed: number;
  readonly days: number;
  /** Milliseconds since the epoch: the beginning of the first day. */
  readonly startMillis: number;
  readonly services: readonly Service[];
  readonly principals: readonly WorkPrincipal[];
  readonly work: Work;
  readonly shapes: readonly Shape[];
  readonly executions: Executions;
  /** Spans in all. */
  readonly actions: number;
  /** Numbers of the two executions that nothing else is like. */
  readonly greatRun: number;
  /** Absent in a small store. */
  readonly millionSpanTrace?: number;
}

/** Column by column, in the order in which they begin. */
export interface Executions {
  readonly count: number;
  readonly shape: Uint16Array;
  readonly startMillis: Float64Array;
  /** Thousandths: how much slower than drawn up. */
  readonly stretch: Uint16Array;
  readonly principal: Uint16Array;
  /** Number of the first row. */
  readonly firstRow: Float64Array;
}

export interface PlanOptions {
  readonly actions: number;
  readonly days: number;
  readonly seed: number;
  /** Midnight, UTC, after the last day. */
  readonly untilMillis: number;
}

const DAY_MILLIS = 86_400_000;
/** From here on there is a trace of a million spans. */
const GREAT_TRACE_FROM = 10_000_000;

export const planOf = ({ actions, days, seed, untilMillis }: PlanOptions): Plan => {
  const random = new Random(seed);
  const all = services(random);
  const work = workOf(all, random);
  const ordinary = ordinaryShapes(work, random);
  const great = [greatRun(work, random)];
  if (actions >= GREAT_TRACE_FROM) great.push(millionSpanTrace(work, random));
  const shapes = [...ordinary, ...great];
  const startMillis = untilMillis - days * DAY_MILLIS;

  const drawn = drawShapes(shapes, ordinary.length, actions, random);
  const executions: Executions = {
    count: drawn.length,
    shape: Uint16Array.from(drawn),
    startMillis: new Float64Array(drawn.length),
    stretch: new Uint16Array(drawn.length),
    principal: new Uint16Array(drawn.length),
    firstRow: new Float64Array(drawn.length),
  };
  const people = principals(random);
  let rows = 0;
  for (let i = 0; i < drawn.length; i++) {
    executions.startMillis[i] = Math.floor(
      startMillis + ((i + random.next()) / drawn.length) * (days * DAY_MILLIS - DAY_MILLIS / 8),
    );
    executions.stretch[i] = random.between(600, 1_600);
    executions.principal[i] = random.heavyTailed(people.length, 1.1);
    executions.firstRow[i] = rows;
    rows += shapes[drawn[i]!]!.spans.trace.length;
  }
  const numberOf = (shape: number): number => drawn.indexOf(shape);
  return {
    seed,
    days,
    startMillis,
    services: all,
    principals: people,
    work,
    shapes,
    executions,
    actions: rows,
    greatRun: numberOf(ordinary.length),
    ...(great.length > 1 ? { millionSpanTrace: numberOf(ordinary.length + 1) } : {}),
  };
};

/** By weight until there are enough rows; each great one once, about the middle. */
const drawShapes = (
  shapes: readonly Shape[],
  ordinary: number,
  actions: number,
  random: Random,
): readonly number[] => {
  const upTo: number[] = [];
  let weights = 0;
  for (const { weight } of shapes.slice(0, ordinary)) {
    weights += weight;
    upTo.push(weights);
  }
  const great = shapes.slice(ordinary);
  const wanted = actions - great.reduce((sum, { spans }) => sum + spans.trace.length, 0);
  const drawn: number[] = [];
  let rows = 0;
  while (rows < wanted) {
    const shape = firstAbove(upTo, random.next() * weights);
    drawn.push(shape);
    rows += shapes[shape]!.spans.trace.length;
  }
  great.forEach((_, index) => {
    drawn.splice(Math.floor(((index + 1) * drawn.length) / (great.length + 1)), 0, ordinary + index);
  });
  return drawn;
};

/** Index of the first that is above the value, in a rising list. */
export const firstAbove = (rising: ArrayLike<number>, value: number): number => {
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
};
