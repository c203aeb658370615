import type { Route } from '../api/endpoint.ts';
import { dependenciesRoute } from './dependencies-route.ts';
import { operationNamesRoute, operationsRoute, servicesRoute } from './first-name-routes.ts';
import { searchRoute, traceRoute } from './first-trace-routes.ts';
import {
  operationsV3Route,
  searchV3Route,
  servicesV3Route,
  summariesRoute,
  traceV3Route,
} from './third-routes.ts';

/** What Grafana's Jaeger data source and Jaeger UI ask, in both generations. */
export const jaegerRoutes = (): readonly Route[] => [
  servicesRoute,
  operationNamesRoute,
  operationsRoute,
  searchRoute,
  traceRoute,
  dependenciesRoute(),
  servicesV3Route,
  operationsV3Route,
  searchV3Route,
  traceV3Route,
  summariesRoute,
];
