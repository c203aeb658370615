import { z } from 'zod';
import { MISSING_CODES, type Missing } from '../lineage/missing.ts';

export const MISSING = z
  .object({ code: z.enum(MISSING_CODES), detail: z.string().describe('For people.') })
  .readonly()
  .meta({
    id: 'Missing',
    description: 'What the answer lacks or cannot prove.',
  }) satisfies z.ZodType<Missing>;
