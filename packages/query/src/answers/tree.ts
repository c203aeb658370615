import { z } from 'zod';
import type { RunTree, TreeNode } from '../lineage/tree/run-tree.ts';
import { MISSING } from './missing.ts';
import { ACTION, CAUSE_KIND, RUN } from './record.ts';

export const TOTALS = z
  .object({ actions: z.number(), errors: z.number(), runs: z.number(), services: z.number() })
  .readonly()
  .meta({ id: 'Totals', description: 'Exact, whatever is shown.' });

const BELOW = z
  .object({ actions: z.number(), errors: z.number(), runs: z.number() })
  .readonly()
  .meta({ id: 'BranchTotals' });

const NODE: z.ZodType<TreeNode> = z
  .object({
    action: ACTION,
    causedBy: CAUSE_KIND.exactOptional(),
    run: RUN.exactOptional().describe('The run that this span opens.'),
    get children() {
      return z.array(NODE).readonly();
    },
    below: BELOW.exactOptional().describe('Everything below, shown or not. Absent: there is nothing.'),
    omitted: z.number().exactOptional().describe('Actions of its branches that are not shown.'),
    more: z.string().exactOptional().describe('Address at which the branch goes on.'),
  })
  .readonly()
  .meta({ id: 'TreeNode' });

export const TREE = z
  .object({
    run: RUN,
    roots: z.array(NODE).readonly(),
    totals: TOTALS,
    truncated: z.boolean(),
    omitted: z.number().exactOptional().describe('Actions of roots that are not shown.'),
    more: z.string().exactOptional().describe('Address at which the roots go on.'),
    missing: z.array(MISSING).readonly(),
  })
  .readonly()
  .meta({ id: 'RunTree', description: 'What a run and all runs below it did.' }) satisfies z.ZodType<RunTree>;
