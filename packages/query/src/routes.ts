import type { Store } from '@whence/store';
import type { Route } from './api/endpoint.ts';
import { type FindingsFile, NO_FILE } from './findings/rule-settings.ts';
import { actionsRoute } from './routes/actions.ts';
import { findingRoutes } from './routes/findings.ts';
import { healthRoute, readyRoute } from './routes/health.ts';
import { openApiRoute } from './routes/open-api.ts';
import { runRoute } from './routes/run.ts';
import { runTreeRoute } from './routes/run-tree.ts';
import { whoRoute } from './routes/who.ts';

/**
 * Every address of the API, in the order in which `/openapi.json` lists them.
 *
 * @param findings how rules are set in a file
 */
export const routesOf = (store: Store, findings: FindingsFile = NO_FILE): readonly Route[] => {
  const answering = [
    whoRoute,
    runRoute,
    runTreeRoute,
    actionsRoute,
    ...findingRoutes(store, findings),
    healthRoute,
    readyRoute(store),
  ];
  return [...answering, openApiRoute(answering)];
};
