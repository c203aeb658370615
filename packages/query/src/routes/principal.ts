import { STEPS } from '@whence/store';
import { z } from 'zod';
import { PRINCIPAL_IN_FULL } from '../answers/inventory.ts';
import { endpoint } from '../api/endpoint.ts';
import { checkSteps, hoursIn } from '../api/hour-range.ts';
import { count, moment, text } from '../api/parameters.ts';
import { credentialsOfPrincipal } from '../credentials/principal-credentials.ts';
import { dormantSinceNanos, owned } from './principals.ts';

export const PRINCIPAL_ADDRESS = z.object({ id: text.describe('URI, percent-encoded.') });

/** Items of each list. */
const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 1000;
const ACTIVITY_DAYS = 30;
const STEPS_MAX = 10_000;

export const principalRoute = endpoint({
  path: '/v1/principals/{id}',
  tag: 'inventory',
  summary: 'A principal in full: workloads, authorities, jobs, operations, targets, credentials, activity',
  examples: [
    { summary: 'A scheduler', request: '/v1/principals/k8s%3A%2F%2Fdemo%2Fjobs%2Fnightly' },
    {
      summary: 'What it did by the hour',
      request:
        '/v1/principals/k8s%3A%2F%2Fdemo%2Fjobs%2Fnightly?every=hour&from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z',
    },
  ],
  pathParameters: PRINCIPAL_ADDRESS,
  parameters: z.object({
    from: moment
      .optional()
      .describe(`Activity, by whole hours; ${ACTIVITY_DAYS} days before "to" where not said.`),
    to: moment.optional().describe('Now, where not said.'),
    every: z
      .enum(STEPS, `one of ${STEPS.join(', ')}`)
      .optional()
      .describe('`day` where not said.'),
    limit: count(1, LIMIT_MAX).optional().describe(`Items of each list; ${LIMIT_DEFAULT} where not said.`),
    dormant: count(0, 36_500)
      .optional()
      .describe('Days not seen, or of credentials not used, that "dormant" means.'),
  }),
  answer: PRINCIPAL_IN_FULL,
  respond: async ({ path: { id }, parameters }, { readers, owners, notFound }) => {
    const { from, to, every = 'day', limit = LIMIT_DEFAULT, dormant } = parameters;
    const hours = hoursIn(from, to, ACTIVITY_DAYS);
    checkSteps(hours, every, 1, STEPS_MAX);
    const [summary, profile, credentials, steps] = await Promise.all([
      readers.principals.byId(id),
      readers.principals.profile(id, limit),
      credentialsOfPrincipal(readers, id, limit, dormant),
      readers.principals.activity(id, { ...hours, every }),
    ]);
    if (summary === undefined) throw await notFound.principal(id);
    const [principal] = await owned([summary], owners, dormantSinceNanos(dormant));
    return { principal: principal!, ...profile, credentials, activity: { ...hours.told, every, steps } };
  },
});
