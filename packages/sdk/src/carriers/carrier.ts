import { type Context, context, defaultTextMapSetter, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { withReference } from '@whence/model';
import { runIn, unproven } from '../runs/run-scope.ts';
import { causeIn } from './caused-by.ts';

/** W3C Trace Context, to put into a queued message. `traceparent` is empty where no span is active. */
export interface Carrier {
  traceparent: string;
  tracestate?: string;
}

const w3c = new W3CTraceContextPropagator();

/** The active span and run, for a message whose consumer calls `causedBy`. */
export const carrier = (): Carrier => carrierOf(context.active());

export const carrierOf = (active: Context): Carrier => {
  const carried: Carrier = { traceparent: '' };
  const cause = causeIn(active);
  const source =
    trace.getSpanContext(active) === undefined && cause !== undefined
      ? trace.setSpanContext(active, cause.spanContext)
      : active;
  w3c.inject(source, carried, defaultTextMapSetter);
  const run = runIn(active);
  if (run?.ended) carried.tracestate = withReference(carried.tracestate ?? '', unproven(run));
  return carried;
};

const TRACEPARENT = 'TRACEPARENT';
const TRACESTATE = 'TRACESTATE';

/** `env` for a child process, with the active span and run in it, and nothing left of this process's own parent. */
export const childEnv = (env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv =>
  withCarrier(env, carrier());

export const withCarrier = (env: NodeJS.ProcessEnv, carried: Carrier): NodeJS.ProcessEnv => {
  const child = { ...env };
  delete child[TRACEPARENT];
  delete child[TRACESTATE];
  if (carried.traceparent === '') return child;
  child[TRACEPARENT] = carried.traceparent;
  if (carried.tracestate !== undefined) child[TRACESTATE] = carried.tracestate;
  return child;
};
