import { ASSURANCES, type Assurance, WITNESSES } from '@whence/model';
import { COVERAGE_DIMENSIONS, type Counts, STEPS } from '@whence/store';
import { z } from 'zod';
import { COVERAGE } from '../answers/coverage.ts';
import { defined } from '../api/defined.ts';
import { endpoint } from '../api/endpoint.ts';
import { checkSteps, hoursIn } from '../api/hour-range.ts';
import { count, moment, text } from '../api/parameters.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 1000;
const DAYS = 7;
const STEPS_MAX = 50_000;

const dimensions = z
  .string()
  .transform((value) => value.split(','))
  .pipe(
    z
      .array(
        z.enum(
          COVERAGE_DIMENSIONS,
          `one or several of ${COVERAGE_DIMENSIONS.join(', ')}, with commas between`,
        ),
      )
      .refine((list) => new Set(list).size === list.length, 'one of them twice'),
  );

export const coverageRoute = endpoint({
  path: '/v1/coverage',
  tag: 'inventory',
  summary: 'How much of what was done is attributed, and how surely',
  description: 'By whole hours. Records are counted, whoever made them, as far as they have arrived.',
  examples: [
    { summary: 'Last week, by service', request: '/v1/coverage?by=service' },
    {
      summary: 'One day by the hour',
      request:
        '/v1/coverage?by=principal,system&every=hour&from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z',
    },
  ],
  parameters: z.object({
    by: dimensions.optional().describe('`principal`, `service`, `system`, or several with commas between.'),
    from: moment.optional().describe(`${DAYS} days before "to" where not said.`),
    to: moment.optional().describe('Now, where not said.'),
    every: z
      .enum(STEPS, `one of ${STEPS.join(', ')}`)
      .optional()
      .describe('Over time, by that step.'),
    principal: text.optional(),
    service: text.optional(),
    system: text.optional(),
    witness: z.enum(WITNESSES, `one of ${WITNESSES.join(', ')}`).optional(),
    limit: count(1, LIMIT_MAX).optional().describe(`Groups; ${LIMIT_DEFAULT} where not said.`),
  }),
  answer: COVERAGE,
  respond: async ({ parameters }, { readers }) => {
    const { by = [], from, to, every, limit = LIMIT_DEFAULT, ...filter } = parameters;
    const hours = hoursIn(from, to, DAYS);
    if (every !== undefined) checkSteps(hours, every, by.length === 0 ? 1 : limit, STEPS_MAX);
    const coverage = await readers.coverage.read({
      by,
      ...(every === undefined ? {} : { every }),
      ...hours,
      filter: defined(filter),
      limit,
    });
    const { totals, steps, groups, groupCount } = coverage;
    const inGroups = groups.reduce((sum, { actions }) => sum + actions, 0);
    const stepsOf = (all: typeof steps) =>
      every === undefined ? {} : { steps: all.map(({ at, ...counts }) => ({ at, ...counted(counts) })) };
    return {
      ...hours.told,
      totals: counted(totals),
      ...stepsOf(steps),
      groups: groups.map(({ principal, service, system, steps: own, ...counts }) => ({
        ...defined({ principal, service, system }),
        ...counted(counts),
        ...stepsOf(own),
      })),
      omitted: {
        groups: groupCount - groups.length,
        actions: by.length === 0 ? 0 : totals.actions - inGroups,
      },
    };
  },
});

const counted = ({ actions, assurances, witnesses }: Counts) => {
  const others = actions - witnesses.gateway;
  return {
    actions,
    assurances,
    ...(actions === 0
      ? {}
      : {
          shares: Object.fromEntries(ASSURANCES.map((each) => [each, assurances[each] / actions])) as Record<
            Assurance,
            number
          >,
        }),
    witnesses,
    ...(others === 0 ? {} : { gatewayShare: Math.min(1, witnesses.gateway / others) }),
  };
};
