import { z } from 'zod';
import type { RunTree, TreeNode } from '../lineage/run-tree.ts';
import { MISSING } from './missing.ts';
import { ACTION, CAUSE_KIND, RUN } from './record.ts';

export const TOTALS = z
  .object({ actions: z.number(), errors: z.number(), runs: z.number(), services: z.number() })
  .readonly()
  .meta({ id: 'Totals', description: 'Exact, whatever is shown.' });

const NODE: z.ZodType<TreeNode> = z
  .object({
    action: ACTION,
    causedBy: CAUSE_KIND.exactOptional(),
    run: RUN.exactOptional().describe('The run that this span opens.'),
    get children() {
      return z.array(NODE).readonly();
    },
    omitted: z.number().exactOptional().describe('Actions below this one that are left out.'),
  })
  .readonly()
  .meta({ id: 'TreeNode' });

export const TREE = z
  .object({
    run: RUN,
    roots: z.array(NODE).readonly(),
    totals: TOTALS,
    truncated: z.boolean(),
    missing: z.array(MISSING).readonly(),
  })
  .readonly()
  .meta({ id: 'RunTree', description: 'What a run and all runs below it did.' }) satisfies z.ZodType<RunTree>;
