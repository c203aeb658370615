import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, context, propagation, trace } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { causeIn, withCause, withoutCause } from '../carriers/caused-by.ts';
import { withoutRun } from '../runs/run-scope.ts';
import type { InboundPolicy } from '../settings/config.ts';
import { listenersBelow } from './listeners-below.ts';
import { withoutArrivedToken } from './transaction-token.ts';

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
 * What is done with the context of a request, for the routes behind this middleware. It can only be stricter than the
 * process (`WHENCE_INBOUND`). The server's own span exists before any middleware and stays where it is; all that happens
 * after this middleware is
 *
 * - `link`: a new trace, linked to the server's span, in no run;
 * - `discard`: a new trace, linked to nothing, in no run.
 *
 * Baggage and a `Txn-Token` that came in are dropped in both. A request that came without a cause stays one trace.
 *
 * With each policy, the route that took the request is `http.route` of the server's span, where Express has one.
 */
export const express =
  ({ inbound = 'verified' }: ExpressOptions = {}): Middleware =>
  (request, response, next) => {
    const active = context.active();
    tellRoute(request, response, active);
    const below = belowRequest(inbound, active);
    if (below === active) return next();
    listenersBelow(request, below);
    listenersBelow(response, below);
    context.with(below, next);
  };

const belowRequest = (inbound: InboundPolicy, active: Context): Context => {
  if (inbound === 'verified') return active;
  const alone = withoutArrivedToken(propagation.deleteBaggage(active));
  const span = trace.getSpan(active);
  const isLinked = causeIn(active) !== undefined;
  if (span === undefined || !(isContinued(span) || (isLinked && inbound === 'discard'))) return alone;
  const apart = withoutCause(withoutRun(trace.deleteSpan(alone)));
  return inbound === 'discard' ? apart : withCause(apart, { spanContext: span.spanContext(), kind: 'call' });
};

/** Of a span that is not recorded nobody can tell: it is taken to be. */
const isContinued = (span: object): boolean =>
  !('parentSpanContext' in span) || span.parentSpanContext !== undefined;

/** Before the response closes, which is when the http instrumentation asks for it. */
const tellRoute = (request: IncomingMessage, response: ServerResponse, active: Context): void => {
  const metadata = getRPCMetadata(active);
  if (metadata === undefined) return;
  response.prependOnceListener('close', () => {
    const { baseUrl, route } = request as { baseUrl?: unknown; route?: { path?: unknown } };
    if (typeof route?.path !== 'string') return;
    metadata.route = `${typeof baseUrl === 'string' ? baseUrl : ''}${route.path}`;
  });
};
