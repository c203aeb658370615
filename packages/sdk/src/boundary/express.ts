import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, context, type Span, SpanKind, trace } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { tracer } from '../runs/tracer.ts';
import type { InboundPolicy } from '../settings/config.ts';
import { apartFrom } from './apart.ts';
import { listenersBelow } from './listeners-below.ts';

export interface ExpressOptions {
  /** Default: `verified`, which leaves it at what the process does with what comes in. */
  readonly inbound?: InboundPolicy;
}

/** Of Express 4 and 5, Connect, and whatever else calls its middleware like this. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * What is made of the context of a request, for the routes behind this middleware. It can only be stricter than the
 * process (`WHENCE_INBOUND`). The server's own span exists before any middleware and stays where it is; all that happens
 * behind this one is
 *
 * - `link`: a new trace, in no run, whose first span is linked to the server's;
 * - `discard`: the same, and linked to nothing.
 *
 * Baggage and a `Txn-Token` that came in are dropped in both. A request that came without a cause stays one trace.
 *
 * With each policy, the route that took the request is `http.route` of the server's span, where Express has one.
 */
export const express =
  ({ inbound = 'verified' }: ExpressOptions = {}): Middleware =>
  (request, response, next) => {
    const active = context.active();
    const apart = inbound === 'verified' ? active : apartFrom(active, inbound);
    const isCut = trace.getSpan(active) !== undefined && trace.getSpan(apart) === undefined;
    const span = isCut ? spanOf(request, apart) : undefined;
    tellRoute(request, response, active, span);
    if (apart === active) return next();
    const below = span === undefined ? apart : trace.setSpan(apart, span);
    listenersBelow(request, below);
    listenersBelow(response, below);
    context.with(below, next);
  };

/** One trace for all that a request does, not one for each thing. */
const spanOf = ({ method = 'GET' }: IncomingMessage, apart: Context): Span =>
  tracer().startSpan(method, { kind: SpanKind.INTERNAL }, apart);

/** Before the response closes, which is when the http instrumentation asks for the route. */
const tellRoute = (
  request: IncomingMessage,
  response: ServerResponse,
  active: Context,
  span: Span | undefined,
): void => {
  const metadata = getRPCMetadata(active);
  response.prependOnceListener('close', () => {
    const route = routeOf(request);
    if (route !== undefined) {
      if (metadata !== undefined) metadata.route = route;
      span?.updateName(`${request.method} ${route}`);
    }
    span?.end();
  });
};

const routeOf = (request: IncomingMessage): string | undefined => {
  const { baseUrl, route } = request as { baseUrl?: unknown; route?: { path?: unknown } };
  if (typeof route?.path !== 'string') return undefined;
  return `${typeof baseUrl === 'string' ? baseUrl : ''}${route.path}`;
};
