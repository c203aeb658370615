import { type Store, storedRetention } from '@whence/store';
import type { Route } from './api/endpoint.ts';
import { type FindingsFile, NO_FILE } from './findings/rule-settings.ts';
import { jaegerRoutes } from './jaeger/routes.ts';
import { actionsRoute } from './routes/actions.ts';
import { coverageRoute } from './routes/coverage.ts';
import { credentialRoute } from './routes/credential.ts';
import { credentialsRoute } from './routes/credentials.ts';
import { findingRoutes } from './routes/findings.ts';
import { healthRoute, readyRoute } from './routes/health.ts';
import { metricsRoute } from './routes/metrics.ts';
import { openApiRoute } from './routes/open-api.ts';
import { principalRoute } from './routes/principal.ts';
import { principalFootprintRoute } from './routes/principal-footprint.ts';
import { deleteOwnerRoute, putOwnerRoute } from './routes/principal-owner.ts';
import { principalReachRoute } from './routes/principal-reach.ts';
import { principalsRoute } from './routes/principals.ts';
import { queriesRoute } from './routes/queries.ts';
import { retentionRoute } from './routes/retention.ts';
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

/** What routes are made with, beside the store. */
export interface RouteParts {
  /** What `/metrics` says at the time. */
  readonly metrics?: () => string;
  /** How rules of findings are set in a file. */
  readonly findings?: FindingsFile | undefined;
}

/** Every address of the API, in the order in which `/openapi.json` lists them. */
export const routesOf = (
  store: Store,
  { metrics = () => '', findings = NO_FILE }: RouteParts = {},
): readonly Route[] => {
  const answering = [
    ...lineage,
    ...inventory,
    ...findingRoutes(store, findings),
    queriesRoute,
    ...[credentialsRoute, credentialRoute],
    ...jaegerRoutes(),
    retentionRoute(storedRetention(store)),
    ...[healthRoute, readyRoute(store), metricsRoute(metrics)],
  ];
  return [...answering, openApiRoute(answering)];
};
