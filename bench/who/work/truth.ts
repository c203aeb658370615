import type { Plan } from './plan.ts';
import type { Shape } from './shape.ts';

/** One span of one execution. */
export interface Place {
  readonly execution: number;
  readonly span: number;
}

/** What the answers about an action must say, known without asking the store. Spans and runs as numbers of the execution. */
export interface Truth {
  readonly place: Place;
  /** From the action up: the action first. */
  readonly chain: readonly number[];
  readonly run?: number;
  readonly rootRun?: number;
  /** Absent: nobody may be named. */
  readonly principal?: string;
}

/** The chain that an answer shows at most. */
const CHAIN_MAX_LENGTH = 256;

export const truthOf = (plan: Plan, place: Place): Truth => {
  const shape = shapeOf(plan, place.execution);
  const { spans } = shape;
  const run = spans.run[place.span]!;
  const chain = [place.span];
  const visited = new Set(chain);
  let at = causeOf(shape, place.span);
  while (at !== undefined && !visited.has(at) && chain.length < CHAIN_MAX_LENGTH) {
    chain.push(at);
    visited.add(at);
    at = causeOf(shape, at);
  }
  const named = run >= 0 && spans.stamp[place.span] !== 'refuted';
  return {
    place,
    chain,
    ...(run < 0 ? {} : { run, rootRun: shape.runs[run]!.path[0] ?? run }),
    ...(named ? { principal: principalOf(plan, place.execution, shape.runs[run]!.part) } : {}),
  };
};

/** What one thing is caused by: its parent, else a link, else the opening of its run, else that of the run's parent. */
const causeOf = (shape: Shape, span: number): number | undefined => {
  const { spans, runs } = shape;
  const parent = spans.parent[span]!;
  if (parent >= 0) return parent;
  const [link] = spans.links.get(span) ?? [];
  if (link !== undefined) return link.to;
  const run = runs[spans.run[span]!];
  if (run === undefined || spans.stamp[span] === 'refuted') return undefined;
  if (run.opening !== span) return run.opening;
  return run.parent === undefined ? undefined : runs[run.parent]!.opening;
};

/** Principals that take part in one execution, after the one that begins it. */
const PART_STEP = 101;

export const principalOf = (plan: Plan, execution: number, part: number): string =>
  plan.principals[(plan.executions.principal[execution]! + part * PART_STEP) % plan.principals.length]!.id;

/** The same in SQL: the index of a principal. */
export const PRINCIPAL_INDEX = (principal: string, part: string, count: number): string =>
  `(${principal} + ${part} * ${PART_STEP}) % ${count}`;

/** Actions in a run and all runs below it. */
export const actionsBelow = (plan: Plan, execution: number, run: number): number => {
  const { spans, runs } = shapeOf(plan, execution);
  let actions = 0;
  for (let i = 0; i < spans.run.length; i++) {
    const of = spans.run[i]!;
    if (of < 0 || spans.stamp[i] === 'refuted') continue;
    if (of === run || runs[of]!.path.includes(run)) actions++;
  }
  return actions;
};

export const shapeOf = ({ shapes, executions }: Plan, execution: number): Shape =>
  shapes[executions.shape[execution]!]!;
