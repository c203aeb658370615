import type { Store } from '@whence/store';
import type { Route } from './api/endpoint.ts';
import { actionsRoute } from './routes/actions.ts';
import { healthRoute, readyRoute } from './routes/health.ts';
import { metricsRoute } from './routes/metrics.ts';
import { openApiRoute } from './routes/open-api.ts';
import { queriesRoute } from './routes/queries.ts';
import { runRoute } from './routes/run.ts';
import { runTreeRoute } from './routes/run-tree.ts';
import { whoRoute } from './routes/who.ts';

/**
 * Every address of the API, in the order in which `/openapi.json` lists them.
 *
 * @param metrics what `/metrics` says at the time
 */
export const routesOf = (store: Store, metrics: () => string = () => ''): readonly Route[] => {
  const answering = [
    whoRoute,
    runRoute,
    runTreeRoute,
    actionsRoute,
    queriesRoute,
    healthRoute,
    readyRoute(store),
    metricsRoute(metrics),
  ];
  return [...answering, openApiRoute(answering)];
};
