import type { Store } from '@whence/store';
import { z } from 'zod';
import { endpoint, type Route } from '../api/endpoint.ts';
import { QueryError } from '../query-error.ts';

const STATUS = (status: string) => z.object({ status: z.literal(status) }).readonly();

export const healthRoute = endpoint({
  path: '/healthz',
  tag: 'service',
  role: 'anyone',
  summary: 'The process lives',
  examples: [{ summary: 'Ask', request: '/healthz' }],
  answer: STATUS('ok'),
  respond: async () => ({ status: 'ok' }),
});

export const readyRoute = (store: Store): Route =>
  endpoint({
    path: '/readyz',
    tag: 'service',
    role: 'anyone',
    summary: 'The store answers',
    examples: [{ summary: 'Ask', request: '/readyz' }],
    answer: STATUS('ready'),
    respond: async () => {
      if (!(await store.ping())) throw new QueryError('store_unavailable', 'The store does not answer.');
      return { status: 'ready' };
    },
  });
