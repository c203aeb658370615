import { z } from 'zod';
import { REACH } from '../answers/reach.ts';
import { RUN } from '../answers/record.ts';
import { endpoint } from '../api/endpoint.ts';
import { count } from '../api/parameters.ts';
import { toldReach } from '../lineage/told-reach.ts';
import { REACH_LIMIT } from './principal-reach.ts';
import { RUN_ADDRESS } from './run.ts';

export const runReachRoute = endpoint({
  path: '/v1/runs/{id}/reach',
  tag: 'lineage',
  summary: 'Blast radius: what a run did and brought about, whoever the runs below it ran as',
  description:
    'A branch is a run that this one started, with everything below that; what the run did itself is under its own id. For more of a branch, ask for the reach of its run.',
  examples: [{ summary: 'Of a run', request: '/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10/reach' }],
  pathParameters: RUN_ADDRESS,
  parameters: z.object({
    limit: count(1, REACH_LIMIT.most)
      .optional()
      .describe(`Items of each list; ${REACH_LIMIT.usual} where not said.`),
  }),
  answer: z
    .object({ run: RUN, ...REACH })
    .readonly()
    .meta({ id: 'RunReach' }),
  respond: async ({ path: { id }, parameters: { limit = REACH_LIMIT.usual } }, { readers, notFound }) => {
    const recorded = await readers.runs.byId(id);
    if (recorded === undefined) throw await notFound.run(id);
    const reach = await readers.reach.ofRun(recorded.run, limit);
    return { run: recorded.run, ...(await toldReach(readers, reach)) };
  },
});
