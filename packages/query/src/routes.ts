import type { Store } from '@whence/store';
import type { Route } from './api/endpoint.ts';
import { jaegerRoutes } from './jaeger/routes.ts';
import { actionsRoute } from './routes/actions.ts';
import { healthRoute, readyRoute } from './routes/health.ts';
import { openApiRoute } from './routes/open-api.ts';
import { runRoute } from './routes/run.ts';
import { runTreeRoute } from './routes/run-tree.ts';
import { whoRoute } from './routes/who.ts';
import { whoGraphEdgesRoute, whoGraphNodesRoute, whoGraphRoute } from './routes/who-graph.ts';

/** Every address of the API, in the order in which `/openapi.json` lists them. */
export const routesOf = (store: Store): readonly Route[] => {
  const answering = [
    whoRoute,
    whoGraphRoute,
    whoGraphNodesRoute,
    whoGraphEdgesRoute,
    runRoute,
    runTreeRoute,
    actionsRoute,
    ...jaegerRoutes(),
    healthRoute,
    readyRoute(store),
  ];
  return [...answering, openApiRoute(answering)];
};
