import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { asksClients, type TlsFiles } from '@whence/identity';
import type { Logger } from 'pino';
import { CollectorError } from '../collector-error.ts';
import type { Health } from '../health.ts';
import { sendJson, sendProblem } from './json-answer.ts';
import { KEY_SET_PATH } from './key-set-route.ts';
import { isRunPath } from './run-routes.ts';

export interface Routes {
  /** OTLP, by path. */
  readonly otlp: ReadonlyMap<string, (request: IncomingMessage, response: ServerResponse) => Promise<void>>;
  readonly runs: (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;
  readonly keySet: (request: IncomingMessage, response: ServerResponse) => void;
  readonly health: Health;
}

export interface HttpServer {
  readonly url: string;
  /** Lets requests that are under way finish, for as long as `graceMillis`. */
  close(graceMillis: number): Promise<void>;
}

const HEADERS_TIMEOUT_MILLIS = 10_000;
const REQUEST_TIMEOUT_MILLIS = 60_000;
const KEEP_ALIVE_MILLIS = 30_000;
/** How often Node looks for requests that are over those times; by default half a minute. */
const TIMEOUTS_CHECKED_MILLIS = 1_000;

/** @throws CollectorError `listen_failed` that names the address. */
export const listen = async (
  host: string,
  port: number,
  routes: Routes,
  log: Logger,
  tls?: TlsFiles,
): Promise<HttpServer> => {
  const server = newServer(tls, (request, response) => {
    // Closing: senders that keep their connection would otherwise go on until they are cut off.
    if (!server.listening) response.setHeader('connection', 'close');
    route(routes, request, response).catch((error: unknown) => {
      log.error({ err: error, path: request.url }, 'request failed');
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'EADDRINUSE' ? 'is in use by another process' : `cannot be used: ${cause.message}`;
      reject(new CollectorError('listen_failed', `address ${host}:${port} ${reason}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const scheme = tls === undefined ? 'http' : 'https';
  return { url: urlOf(server, scheme, host), close: (graceMillis) => close(server, graceMillis) };
};

const newServer = (
  tls: TlsFiles | undefined,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Server => {
  const options = {
    headersTimeout: HEADERS_TIMEOUT_MILLIS,
    requestTimeout: REQUEST_TIMEOUT_MILLIS,
    keepAliveTimeout: KEEP_ALIVE_MILLIS,
    connectionsCheckingInterval: TIMEOUTS_CHECKED_MILLIS,
    maxHeaderSize: 16_384,
  };
  if (tls === undefined) return createServer(options, answer);
  const server = createTlsServer(
    {
      ...options,
      ...tls.current,
      handshakeTimeout: HEADERS_TIMEOUT_MILLIS,
      // Asked for, not demanded: a bearer does as well.
      requestCert: asksClients(tls),
      rejectUnauthorized: false,
    },
    answer,
  );
  tls.onChange((context) => server.setSecureContext(context));
  return server;
};

const route = async (routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const path = (request.url ?? '/').split('?', 1)[0]!;
  const otlp = routes.otlp.get(path);
  if (otlp !== undefined) return otlp(request, response);
  if (isRunPath(path)) return routes.runs(request, response, path);
  if (path === KEY_SET_PATH) return routes.keySet(request, response);
  if (path === '/healthz') return sendJson(response, 200, { status: 'alive' });
  if (path === '/readyz') {
    const readiness = routes.health.readiness();
    return sendJson(response, readiness.ready ? 200 : 503, readiness);
  }
  if (path === '/metrics') {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(routes.health.metrics());
    return undefined;
  }
  return sendProblem(response, {
    status: 404,
    code: 'not_found',
    title: 'Not found',
    detail: `${path} is not served here; /v1/traces, /v1/runs, ${KEY_SET_PATH}, /healthz, /readyz and /metrics are`,
  });
};

const urlOf = (server: Server, scheme: string, host: string): string => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
};

const close = async (server: Server, graceMillis: number): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMillis);
  await closed;
  clearTimeout(timer);
};
