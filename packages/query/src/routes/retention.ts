import type { RetentionReader } from '@whence/store';
import { RETENTION } from '../answers/retention.ts';
import { endpoint, type Route } from '../api/endpoint.ts';

export const retentionRoute = (retention: RetentionReader): Route =>
  endpoint({
    path: '/v1/retention',
    role: 'admin',
    tag: 'service',
    summary: 'For how long what is kept, how much there is of it, and what goes next',
    description:
      'As the store itself has it, of all tenants together. It is set at the collector (WHENCE_RETENTION). What is kept for good whatever is set comes last.',
    examples: [{ summary: 'Ask', request: '/v1/retention' }],
    answer: RETENTION,
    respond: async () => ({ tiers: await retention.stored() }),
  });
