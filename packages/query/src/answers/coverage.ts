import { ASSURANCES, WITNESSES } from '@whence/model';
import { z } from 'zod';
import { MOMENT } from './record.ts';

const COUNTED = {
  actions: z.number().describe('Records; an action that a gateway saw too has two.'),
  assurances: z.record(z.enum(ASSURANCES), z.number()).readonly(),
  shares: z
    .record(z.enum(ASSURANCES), z.number())
    .readonly()
    .exactOptional()
    .describe('Of `actions`, 0 to 1. Absent: there were none.'),
  witnesses: z.record(z.enum(WITNESSES), z.number()).readonly(),
  gatewayShare: z
    .number()
    .exactOptional()
    .describe(
      'Records that a gateway made for each that another witness made, at most 1: what was seen from outside.',
    ),
};

const STEP = z
  .object({ at: MOMENT.step, ...COUNTED })
  .readonly()
  .meta({ id: 'CoverageStep' });

const STEPS = z.array(STEP).readonly().exactOptional().describe('Where `every` is asked for, oldest first.');

export const COVERAGE = z
  .object({
    from: MOMENT.step.describe('Inclusive; the start of an hour.'),
    to: MOMENT.step.describe('Exclusive; the start of an hour.'),
    totals: z.object(COUNTED).readonly(),
    steps: STEPS,
    groups: z
      .array(
        z
          .object({
            principal: z.string().exactOptional().describe('Absent: nobody is named.'),
            service: z.string().exactOptional(),
            system: z.string().exactOptional(),
            ...COUNTED,
            steps: STEPS,
          })
          .readonly()
          .meta({ id: 'CoverageGroup' }),
      )
      .readonly()
      .describe('Those with the most records first.'),
    omitted: z
      .object({ groups: z.number(), actions: z.number() })
      .readonly()
      .describe('What is not among `groups`; it is in `totals`.'),
  })
  .readonly()
  .meta({ id: 'Coverage' });
