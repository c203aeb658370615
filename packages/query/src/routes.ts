import type { Store } from '@whence/store';
import type { Route } from './api/endpoint.ts';
import { jaegerRoutes } from './jaeger/routes.ts';
import { actionsRoute } from './routes/actions.ts';
import { coverageRoute } from './routes/coverage.ts';
import { healthRoute, readyRoute } from './routes/health.ts';
import { metricsRoute } from './routes/metrics.ts';
import { openApiRoute } from './routes/open-api.ts';
import { principalRoute } from './routes/principal.ts';
import { principalFootprintRoute } from './routes/principal-footprint.ts';
import { deleteOwnerRoute, putOwnerRoute } from './routes/principal-owner.ts';
import { principalReachRoute } from './routes/principal-reach.ts';
import { principalsRoute } from './routes/principals.ts';
import { queriesRoute } from './routes/queries.ts';
import { runRoute } from './routes/run.ts';
import { runReachRoute } from './routes/run-reach.ts';
import { runTreeRoute } from './routes/run-tree.ts';
import { targetHistoryRoute } from './routes/target-history.ts';
import { targetsRoute } from './routes/targets.ts';
import { whoRoute } from './routes/who.ts';
import { whoGraphEdgesRoute, whoGraphNodesRoute, whoGraphRoute } from './routes/who-graph.ts';

const lineage: readonly Route[] = [
  ...[whoRoute, whoGraphRoute, whoGraphNodesRoute, whoGraphEdgesRoute],
  ...[runRoute, runTreeRoute, runReachRoute],
  actionsRoute,
];

const inventory: readonly Route[] = [
  ...[principalsRoute, principalRoute, principalFootprintRoute, principalReachRoute],
  ...[putOwnerRoute, deleteOwnerRoute],
  ...[targetsRoute, targetHistoryRoute],
  coverageRoute,
];

/**
 * Every address of the API, in the order in which `/openapi.json` lists them.
 *
 * @param metrics what `/metrics` says at the time
 */
export const routesOf = (store: Store, metrics: () => string = () => ''): readonly Route[] => {
  const answering = [
    ...lineage,
    ...inventory,
    queriesRoute,
    ...jaegerRoutes(),
    ...[healthRoute, readyRoute(store), metricsRoute(metrics)],
  ];
  return [...answering, openApiRoute(answering)];
};
