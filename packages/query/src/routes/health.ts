import type { Store } from '@whence/store';
import type { RequestHandler } from 'express';
import { QueryError } from '../query-error.ts';

/** `GET /healthz`: the process lives. */
export const healthRoute: RequestHandler = (_request, response) => {
  response.json({ status: 'ok' });
};

/** `GET /readyz`: the store answers. */
export const readyRoute =
  (store: Store): RequestHandler =>
  async (_request, response) => {
    if (!(await store.ping())) {
      throw new QueryError('store_unavailable', 'The store does not answer.');
    }
    response.json({ status: 'ready' });
  };
