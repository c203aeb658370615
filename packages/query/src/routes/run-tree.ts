import { z } from 'zod';
import { TREE } from '../answers/tree.ts';
import { endpoint } from '../api/endpoint.ts';
import { count } from '../api/parameters.ts';
import { treeOfRun } from '../lineage/tree-of-run.ts';
import { RUN_ADDRESS } from './run.ts';

/** Deeper than this, JSON readers give up. */
const DEPTH_MAX = 256;
const LIMIT_DEFAULT = 10_000;
const LIMIT_MAX = 100_000;

interface Branch {
  readonly children: readonly Branch[];
}

/** The depth is bounded by the route. */
const actionsIn = (branches: readonly Branch[]): number =>
  branches.reduce((sum, { children }) => sum + 1 + actionsIn(children), 0);

export const runTreeRoute = endpoint({
  path: '/v1/runs/{id}/tree',
  tag: 'lineage',
  summary: 'Everything that a run and the runs below it did, hung where it was caused',
  examples: [
    { summary: 'Two levels', request: '/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10/tree?depth=2' },
  ],
  pathParameters: RUN_ADDRESS,
  parameters: z.object({
    depth: count(1, DEPTH_MAX).optional().describe(`Levels; ${DEPTH_MAX} where not said.`),
    limit: count(1, LIMIT_MAX).optional().describe(`Actions; ${LIMIT_DEFAULT} where not said.`),
  }),
  answer: TREE,
  rowsIn: ({ roots }) => actionsIn(roots as readonly Branch[]),
  respond: async ({ path: { id }, parameters }, { readers, notFound }) => {
    const { depth = DEPTH_MAX, limit = LIMIT_DEFAULT } = parameters;
    const recorded = await readers.runs.byId(id);
    if (recorded === undefined) throw await notFound.run(id);
    return treeOfRun(readers, recorded, { depth, limit });
  },
});
