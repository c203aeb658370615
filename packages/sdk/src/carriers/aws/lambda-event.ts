import {
  type Context,
  defaultTextMapGetter,
  INVALID_SPAN_CONTEXT,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { referenceIn } from '@whence/model';
import { type Carried, carriedBy } from '../carried-by.ts';
import { causeCarried, effectOf } from '../caused-by.ts';

/** What a function is called with: whatever its caller sent, so nothing of it is sure. */
export type LambdaEvent = Readonly<Record<string, unknown>> | undefined | null;

/** `faas.trigger`, where the event says it. */
export type FaasTrigger = 'http' | 'pubsub' | 'timer' | 'datasource';

/**
 * The parent of an invocation. A request by HTTP and a call by the AWS SDK have theirs in headers and client context.
 * What queues and topics deliver is linked, in a trace of its own, and in the run of its messages where all of them
 * are of one. A batch of several runs is nobody's as a whole: `causedBy` says whose each record is.
 */
export const parentOfInvocation = (event: LambdaEvent, clientContext: unknown): Context => {
  const called = customOf(clientContext);
  if (called !== undefined) {
    const parent = propagation.extract(ROOT_CONTEXT, called, defaultTextMapGetter);
    return trace.getSpan(parent) === undefined
      ? atTop(effectOf(causeCarried(called, 'call'), ROOT_CONTEXT))
      : parent;
  }
  const headers = httpHeadersOf(event);
  if (headers !== undefined) return propagation.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
  const cause = causeOfAll(recordsOf(event));
  return cause === undefined ? ROOT_CONTEXT : atTop(effectOf(causeCarried(cause, 'message'), ROOT_CONTEXT));
};

export const triggerOf = (event: LambdaEvent): FaasTrigger | undefined => {
  if (httpHeadersOf(event) !== undefined) return 'http';
  if (event?.['source'] === 'aws.events' && event['detail-type'] === 'Scheduled Event') return 'timer';
  const [first] = recordsOf(event);
  switch (
    (first as { eventSource?: unknown })?.eventSource ??
    (first as { EventSource?: unknown })?.EventSource
  ) {
    case 'aws:sqs':
    case 'aws:sns':
    case 'aws:kinesis':
      return 'pubsub';
    case 'aws:dynamodb':
    case 'aws:s3':
      return 'datasource';
    default:
      return undefined;
  }
};

/** OpenTelemetry takes no parent without a span; an invalid one begins a new trace, with the rest of the context. */
const atTop = (effect: Context): Context =>
  trace.setSpan(effect, trace.wrapSpanContext(INVALID_SPAN_CONTEXT));

/** Node's runtime hands client context over as it came; others write `Custom`. */
const customOf = (clientContext: unknown): Carried | undefined => {
  const { custom, Custom } = (clientContext ?? {}) as { custom?: unknown; Custom?: unknown };
  const { traceparent, tracestate } = (custom ?? Custom ?? {}) as Record<string, unknown>;
  const fields = {
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    ...(typeof tracestate === 'string' ? { tracestate } : {}),
  };
  return Object.keys(fields).length === 0 ? undefined : fields;
};

/**
 * Of API Gateway (both versions), a function URL, or a load balancer, which alone say `requestContext`. By small
 * letters: a REST API keeps those of the client.
 */
const httpHeadersOf = (event: LambdaEvent): Record<string, string> | undefined => {
  if (!isObject(event?.['requestContext'])) return undefined;
  const { headers, multiValueHeaders } = event as { headers?: unknown; multiValueHeaders?: unknown };
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...asObject(multiValueHeaders), ...asObject(headers) })) {
    if (typeof value === 'string') texts[name.toLowerCase()] = value;
    else if (Array.isArray(value)) texts[name.toLowerCase()] = value.join(',');
  }
  return texts;
};

const recordsOf = (event: LambdaEvent): readonly object[] => {
  const records = event?.['Records'];
  return Array.isArray(records) ? records.filter(isObject) : [];
};

/** The first record's carrier, where every record has the same reference. */
const causeOfAll = (records: readonly object[]): Carried | undefined => {
  const carriers = records.map(carriedBy);
  const references = new Set(carriers.map(({ tracestate }) => referenceIn(tracestate ?? '')));
  return references.size === 1 && !references.has(undefined) ? carriers[0] : undefined;
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const asObject = (value: unknown): object => (isObject(value) ? value : {});
