import type { Reached } from '@whence/store';
import { z } from 'zod';
import { ASSURANCE_COUNTS, ranked } from './inventory.ts';
import { MOMENT, PRINCIPAL_KIND, RUN } from './record.ts';

const REACHED = {
  actions: z.number(),
  errors: z.number(),
  firstSeen: MOMENT.nanos.exactOptional().describe('Absent: nothing was done.'),
  lastSeen: MOMENT.nanos.exactOptional(),
} satisfies { readonly [Field in keyof Reached]-?: z.ZodType };

const RUN_COUNT = z.number().describe('Runs, whether they acted or not.');

const WITH_SYSTEM = { system: z.string().exactOptional() };

export const REACH = {
  totals: z
    .object({
      ...REACHED,
      runs: RUN_COUNT,
      assurances: ASSURANCE_COUNTS,
      ...{ principals: z.number(), services: z.number(), systems: z.number() },
      ...{ operations: z.number(), targets: z.number() },
    })
    .readonly()
    .describe('Exact, whatever the lists hold. Actions by a claim alone are those under `asserted`.'),
  branches: ranked(
    z
      .object({
        runId: z.string(),
        run: RUN.exactOptional().describe('Absent: there is no record of it.'),
        runs: RUN_COUNT,
        ...REACHED,
      })
      .readonly(),
  ),
  principals: ranked(
    z.object({ id: z.string(), kind: PRINCIPAL_KIND, runs: RUN_COUNT, ...REACHED }).readonly(),
  ),
  services: ranked(z.object({ service: z.string(), ...REACHED }).readonly()),
  systems: ranked(z.object({ system: z.string(), ...REACHED }).readonly()),
  operations: ranked(z.object({ ...WITH_SYSTEM, operation: z.string(), ...REACHED }).readonly()),
  targets: ranked(z.object({ ...WITH_SYSTEM, target: z.string(), ...REACHED }).readonly()),
};

export const OWN_RUNS = z
  .object({
    total: z.number().describe('Runs of the principal that started in the range.'),
    considered: z.number().describe('Those that this answer is about: the latest.'),
    omitted: z
      .number()
      .describe('Earlier ones, of which nothing is said: ask again with `to` as `earliest`.'),
    earliest: MOMENT.millis.exactOptional().describe('When the first of those considered started.'),
  })
  .readonly();
