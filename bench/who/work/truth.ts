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
  /** Absent: nobody may be named by the action itself. */
  readonly principal?: string;
  /** Whom an action without a reference may be attributed to: who acted in the nearest one above it that has been verified. */
  readonly inherited?: string;
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
  const heir = inheritedRun(shape, chain);
  const named = run >= 0 && spans.stamp[place.span] !== 'refuted';
  return {
    place,
    chain,
    ...(run < 0 ? {} : { run, rootRun: shape.runs[run]!.path[0] ?? run }),
    ...(named ? { principal: principalOf(plan, place.execution, shape.runs[run]!.part) } : {}),
    ...(heir === undefined ? {} : { inherited: principalOf(plan, place.execution, shape.runs[heir]!.part) }),
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

/** The run whose principal an action without a reference inherits. */
const inheritedRun = ({ spans }: Shape, [first, ...above]: readonly number[]): number | undefined => {
  if (first === undefined || spans.stamp[first] !== 'none') return undefined;
  const verified = above.find((span) => spans.stamp[span] === 'verified' || spans.stamp[span] === 'early');
  return verified === undefined ? undefined : spans.run[verified];
};

/** Actions in a run and all runs below it: with a reference, and those that may be attributed to them beside. */
export const actionsBelow = (
  plan: Plan,
  execution: number,
  run: number,
): { readonly referring: number; readonly inheriting: number } => {
  const shape = shapeOf(plan, execution);
  const { spans, runs } = shape;
  const isBelow = (of: number): boolean => of === run || runs[of]?.path.includes(run) === true;
  let referring = 0;
  let inheriting = 0;
  for (let i = 0; i < spans.run.length; i++) {
    if (spans.stamp[i] === 'none') {
      const heir = inheritedRun(shape, truthOf(plan, { execution, span: i }).chain);
      if (heir !== undefined && isBelow(heir)) inheriting++;
    } else if (spans.stamp[i] !== 'refuted' && isBelow(spans.run[i]!)) referring++;
  }
  return { referring, inheriting };
};

export const shapeOf = ({ shapes, executions }: Plan, execution: number): Shape =>
  shapes[executions.shape[execution]!]!;
