import { z } from 'zod';
import { MISSING } from '../answers/missing.ts';
import { RUN } from '../answers/record.ts';
import { TOTALS } from '../answers/tree.ts';
import { endpoint } from '../api/endpoint.ts';
import { runId } from '../api/parameters.ts';
import { whatWentOfRun } from '../lineage/no-longer-kept.ts';

export const RUN_ADDRESS = z.object({ id: runId });

export const runRoute = endpoint({
  path: '/v1/runs/{id}',
  tag: 'lineage',
  summary: 'A run, and what it and the runs below it did in all',
  examples: [{ summary: 'A run', request: `/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10` }],
  pathParameters: RUN_ADDRESS,
  answer: z
    .object({
      run: RUN,
      totals: TOTALS,
      missing: z.array(MISSING).readonly().optional().describe('Where spans of it may be gone by now.'),
    })
    .readonly(),
  rowsIn: () => 1,
  respond: async ({ path: { id } }, { readers, notFound, kept }) => {
    const recorded = await readers.runs.byId(id);
    if (recorded === undefined) throw await notFound.run(id);
    const { refuted: _, ...totals } = await readers.actions.totalsBelow(recorded.run);
    const missing = await whatWentOfRun(kept, recorded.run);
    return { run: recorded.run, totals, ...(missing.length === 0 ? {} : { missing }) };
  },
});
