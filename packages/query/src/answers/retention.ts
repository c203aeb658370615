import { KEPT_TIERS, TIERS } from '@whence/store';
import { z } from 'zod';

const STORED = {
  days: z.number().optional().describe('Absent: for ever.'),
  rows: z.number(),
  bytes: z.number().describe('On disk.'),
  oldest: z
    .string()
    .optional()
    .describe('When the oldest row was received; of what is told by the month, its first day.'),
  nextGoes: z
    .string()
    .optional()
    .describe('When the next part goes; in the past: as soon as the store gets to it.'),
};

const TABLE = z
  .object({
    table: z.string(),
    otherTtl: z.string().optional().describe('A TTL that was set by hand; `days` is not known.'),
    ...STORED,
  })
  .readonly();

export const TIER_STORED = z
  .object({ tier: z.enum([...TIERS, ...KEPT_TIERS]), ...STORED, tables: z.array(TABLE).readonly() })
  .readonly()
  .meta({ id: 'Tier', description: 'Of all tenants together.' });

export const RETENTION = z.object({ tiers: z.array(TIER_STORED).readonly() }).readonly();

/** What `/v1/retention` answers. */
export type RetentionAnswer = z.output<typeof RETENTION>;
