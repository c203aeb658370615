import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { asksClients, type CredentialsFile, type TlsFiles } from '@whence/identity';
import type { Counters } from '@whence/model';
import type { Store } from '@whence/store';
import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { openAccess } from './access/access.ts';
import { accessByFile } from './access/access-by-file.ts';
import { belowBasePath } from './api/base-path.ts';
import { contextsOf } from './api/context.ts';
import type { Route } from './api/endpoint.ts';
import { problemHandler } from './api/problem.ts';
import { serveRoutes } from './api/serve-routes.ts';
import { refuseUnreadable } from './api/unreadable-requests.ts';
import { wellFormedPath } from './api/well-formed-path.ts';
import { type AttributionResolver, startResolver } from './attribution/resolver.ts';
import type { QueryRecorder } from './audit/query-recorder.ts';
import { watchQueries } from './audit/query-watch.ts';
import { newCounters } from './counters.ts';
import type { FindingsFile } from './findings/rule-settings.ts';
import { NO_RULES } from './owners/owner-rules.ts';
import type { OwnersFile } from './owners/owners-file.ts';
import { QueryError } from './query-error.ts';
import { routesOf } from './routes.ts';

export interface QueryOptions {
  /** Stays its opener's to close, after the service. */
  readonly store: Store;
  /** Without credentials: whose records are answered from, and no one else's. */
  readonly tenant: string;
  /** Who may ask. Absent: whoever reaches the service may do everything in `tenant`. */
  readonly credentials?: CredentialsFile | undefined;
  /** Absent: in the clear. */
  readonly tls?: TlsFiles | undefined;
  /** Keeps who asked what; its opener's to close, after the service. Absent: questions are counted only. */
  readonly recorder?: QueryRecorder | undefined;
  /** Shown by `/metrics`. Those of the recorder too, where there is one. */
  readonly counters?: Counters;
  /** Who answers for which principals; its opener's to close. Absent: what is declared over the API is all there is. */
  readonly owners?: OwnersFile | undefined;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Where every address answers as well as at the root: `/whence`. Empty: at the root alone. @default '' */
  readonly basePath?: string;
  /** How rules are set in a file. Absent: as they are by default. */
  readonly findings?: FindingsFile | undefined;
  readonly logger: Logger;
  /**
   * How often the service looks for arrived actions without a reference, of all tenants, to find out whom they are to be
   * attributed to. 0: it does not. @default 0
   */
  readonly attributionIntervalMillis?: number;
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
  const { store, logger, counters = newCounters(), attributionIntervalMillis: intervalMillis = 0 } = options;
  let resolver: AttributionResolver | undefined;
  const app = queryApp(options, counters, () => resolver?.gauges() ?? {});
  const server = newServer(options.tls, app);
  refuseUnreadable(server);
  await listen(server, options);
  const scheme = options.tls === undefined ? 'http' : 'https';
  if (intervalMillis > 0) resolver = startResolver({ store, logger, counters, intervalMillis });
  return {
    url: urlOf(server, scheme),
    close: async () => {
      await Promise.all([drained(server), resolver?.stop()]);
    },
  };
};

/** What a refusal of one that goes beyond them says. */
const REQUEST_LIMITS = { requestTimeout: 30_000, maxHeaderSize: 16_384 };

const newServer = (tls: TlsFiles | undefined, answer: RequestListener): Server => {
  if (tls === undefined) return createServer(REQUEST_LIMITS, answer);
  // A client certificate is asked for, not demanded: a bearer does as well.
  const server = createTlsServer(
    { ...REQUEST_LIMITS, ...tls.current, requestCert: asksClients(tls), rejectUnauthorized: false },
    answer,
  );
  tls.onChange((context) => server.setSecureContext(context));
  return server;
};

const queryApp = (
  options: QueryOptions,
  counters: Counters,
  gauges: () => Readonly<Record<string, number>>,
): Express => {
  const { store, tenant, basePath = '', credentials, owners, findings, recorder, logger } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.use(neverCached);
  if (basePath !== '') app.use(belowBasePath(basePath));
  const routes = routesOf(store, {
    metrics: () => counters.render({ ...recorder?.gauges(), ...gauges(), ...processGauges() }),
    findings,
  });
  app.use(wellFormedPath(routes));
  serveRoutes(app, routes, {
    access:
      credentials === undefined
        ? openAccess(tenant)
        : accessByFile(credentials, { uses: recorder?.credentials, counters, log: logger }),
    watch: watchQueries(recorder, counters, logger),
    contextOf: contextsOf(store, () => owners?.current.rules ?? NO_RULES),
  });
  app.use(unknownPath(routes));
  app.use(problemHandler(logger));
  return app;
};

const processGauges = () => ({ process_resident_memory_bytes: process.memoryUsage.rss() });

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

const urlOf = (server: Server, scheme: string): string => {
  const { address, family, port } = server.address() as AddressInfo;
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
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
