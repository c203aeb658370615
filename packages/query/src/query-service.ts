import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Store } from '@whence/store';
import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Asker } from './api/asker.ts';
import { contextsOf } from './api/context.ts';
import type { Route } from './api/endpoint.ts';
import { problemHandler } from './api/problem.ts';
import { serveRoutes } from './api/serve-routes.ts';
import type { FindingsFile } from './findings/rule-settings.ts';
import { QueryError } from './query-error.ts';
import { routesOf } from './routes.ts';

export interface QueryOptions {
  /** Stays its opener's to close, after the service. */
  readonly store: Store;
  /** Whose records are answered from, and no one else's. */
  readonly tenant: string;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** How rules are set in a file. Absent: as they are by default. */
  readonly findings?: FindingsFile | undefined;
  readonly logger: Logger;
}

export interface QueryService {
  /** Where it answers: `http://127.0.0.1:4320`. */
  readonly url: string;
  /** Takes no more requests, lets those under way finish for 10 s at most, and resolves when the last has. Never rejects. */
  close(): Promise<void>;
}

/**
 * The query service: "who caused this?", over HTTP.
 *
 * @throws QueryError `cannot_listen` where the address is taken or not one of this machine.
 */
export const startQuery = async (options: QueryOptions): Promise<QueryService> => {
  const server = createServer({ requestTimeout: 30_000 }, queryApp(options));
  await listen(server, options);
  return { url: urlOf(server), close: () => drained(server) };
};

const queryApp = ({ store, tenant, findings, logger }: QueryOptions): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.use(neverCached);
  const everyone: Asker = { principal: 'urn:whence:anonymous', role: 'admin', tenant };
  const routes = routesOf(store, findings);
  serveRoutes(app, routes, { askerOf: async () => everyone, contextOf: contextsOf(store) });
  app.use(unknownPath(routes));
  app.use(problemHandler(logger));
  return app;
};

/** Answers change with every record that arrives. */
const neverCached: RequestHandler = (_request, response, next) => {
  response.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  next();
};

const unknownPath = (routes: readonly Route[]): RequestHandler => {
  const paths = [...new Set(routes.map(({ path }) => path))].join(', ');
  return (request) => {
    throw new QueryError('unknown_path', `Nothing is at ${request.path}. There are ${paths}.`);
  };
};

const listen = (server: Server, { host, port }: QueryOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE' ? 'the port is in use' : (cause.code ?? 'the address cannot be used');
      reject(new QueryError('cannot_listen', `cannot listen on ${host}:${port}: ${why}`, { cause }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });

const urlOf = (server: Server): string => {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
};

/** How long requests under way may take once the service is told to stop. */
const DRAIN_MILLIS = 10_000;
/** Connections that are kept alive become idle as their answers end. */
const SWEEP_MILLIS = 50;

const drained = async (server: Server): Promise<void> => {
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MILLIS);
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MILLIS);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(sweep);
  clearTimeout(deadline);
};
