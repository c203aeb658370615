import type { Action } from '@whence/model';

/** The statement that is furthest below its root: the one that is hardest to explain from where it was run. */
export const deepestUpdate = (actions: readonly Action[]): Action => {
  const bySpanId = new Map(actions.map((action) => [action.spanId, action]));
  const depthOf = ({ parentSpanId }: Action): number => {
    const parent = parentSpanId === undefined ? undefined : bySpanId.get(parentSpanId);
    return parent === undefined ? 0 : depthOf(parent) + 1;
  };
  const [deepest] = actions
    .filter(({ operation }) => operation === 'UPDATE')
    .sort((one, other) => depthOf(other) - depthOf(one));
  if (deepest === undefined) throw new Error('the store has no UPDATE of the run');
  return deepest;
};
