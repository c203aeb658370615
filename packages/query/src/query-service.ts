import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readersOf, type Store } from '@whence/store';
import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { notFoundIn } from './not-found.ts';
import { problemHandler } from './problem.ts';
import { QueryError } from './query-error.ts';
import { actionsRoute } from './routes/actions.ts';
import { healthRoute, readyRoute } from './routes/health.ts';
import { runRoute } from './routes/run.ts';
import { runTreeRoute } from './routes/run-tree.ts';
import { whoRoute } from './routes/who.ts';

export interface QueryOptions {
  /** Stays its opener's to close, after the service. */
  readonly store: Store;
  /** Whose records are answered from, and no one else's. */
  readonly tenant: string;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
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

const queryApp = ({ store, tenant, logger }: QueryOptions): Express => {
  const readers = readersOf(store, tenant);
  const notFound = notFoundIn(readers, tenant);

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.use(onlyReads);

  app.get('/v1/who', whoRoute(readers, notFound));
  app.get('/v1/runs/:id', runRoute(readers, notFound));
  app.get('/v1/runs/:id/tree', runTreeRoute(readers, notFound));
  app.get('/v1/actions', actionsRoute(readers));
  app.get('/healthz', healthRoute);
  app.get('/readyz', readyRoute(store));

  app.use(unknownPath);
  app.use(problemHandler(logger));
  return app;
};

/** Answers change with every record that arrives. */
const onlyReads: RequestHandler = (request, response, next) => {
  response.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
  if (request.method === 'GET' || request.method === 'HEAD') {
    next();
    return;
  }
  response.set('Allow', 'GET, HEAD');
  throw new QueryError('method_not_allowed', `${request.method} does nothing here: the record is only read.`);
};

const unknownPath: RequestHandler = (request) => {
  throw new QueryError(
    'unknown_path',
    `Nothing is at ${request.path}. There are /v1/who, /v1/runs/{id}, /v1/runs/{id}/tree, /v1/actions, /healthz, /readyz.`,
  );
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
