import { type Context, context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { action } from '../../runs/action.ts';
import { current } from '../../runs/active-run.ts';
import { startTracing, type Tracing } from '../../testkit/tracing.ts';
import { type LambdaEvent, parentOfInvocation, triggerOf } from './lambda-event.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing();
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});
afterAll(() => {
  propagation.disable();
  tracing.stop();
});

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const [one, another] = [newRunId(), newRunId()];
const stateOf = (runId: string): string => `whence=${formatReference({ runId })}`;
const carrierOf = (runId: string) => ({ traceparent, tracestate: stateOf(runId) });
const sqsRecord = (carrier: object) => ({
  eventSource: 'aws:sqs',
  body: 'b',
  receiptHandle: 'r',
  messageAttributes: Object.fromEntries(
    Object.entries(carrier).map(([name, value]) => [name, { stringValue: value, dataType: 'String' }]),
  ),
});
const snsRecord = (carrier: object) => ({
  EventSource: 'aws:sns',
  Sns: {
    MessageAttributes: Object.fromEntries(
      Object.entries(carrier).map(([name, value]) => [name, { Type: 'String', Value: value }]),
    ),
  },
});
const runIdIn = (parent: Context): string | undefined => context.with(parent, () => current()?.runId);

let spans = 0;
const spanBelow = (parent: Context) => {
  spans += 1;
  context.with(parent, () => action(`span ${spans}`, {}, () => {}));
  return tracing.named(`span ${spans}`);
};

describe('an invocation that is a call', () => {
  const { tracestate } = carrierOf(one);
  it.each<[string, LambdaEvent, unknown]>([
    [
      'API Gateway, REST',
      { requestContext: {}, headers: { Traceparent: traceparent, TraceState: tracestate } },
      undefined,
    ],
    [
      'API Gateway, HTTP',
      { requestContext: {}, version: '2.0', headers: { traceparent, tracestate } },
      undefined,
    ],
    [
      'a load balancer',
      {
        requestContext: { elb: {} },
        multiValueHeaders: { traceparent: [traceparent], tracestate: [tracestate] },
      },
      undefined,
    ],
    ['Invoke', { account: 4711 }, { custom: { traceparent, tracestate } }],
    ['Invoke, as others write it', null, { Custom: { traceparent, tracestate } }],
  ])('is below its caller: %s', (_by, event, clientContext) => {
    const span = spanBelow(parentOfInvocation(event, clientContext));
    expect(span.spanContext().traceId).toBe(TRACE_ID);
    expect(span.spanContext().traceState?.serialize()).toBe(tracestate);
  });

  it('is in the run of its caller where there was no room for the span', () => {
    const parent = parentOfInvocation({}, { custom: { tracestate } });
    expect(runIdIn(parent)).toBe(one);
    expect(spanBelow(parent)).toMatchObject({ parentSpanContext: undefined, links: [] });
  });
});

describe('an invocation by messages', () => {
  it.each([
    ['SQS', { Records: [sqsRecord(carrierOf(one))] }],
    ['SQS, a batch of one run', { Records: [sqsRecord(carrierOf(one)), sqsRecord(carrierOf(one))] }],
    ['SNS', { Records: [snsRecord(carrierOf(one))] }],
  ])('is a trace of its own, linked, in the run: %s', (_by, event) => {
    const parent = parentOfInvocation(event, undefined);
    const span = spanBelow(parent);
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(TRACE_ID);
    expect(span.spanContext().traceState?.serialize()).toBe(stateOf(one));
    expect(span.links).toMatchObject([
      { context: { traceId: TRACE_ID }, attributes: { 'whence.cause': 'message' } },
    ]);
  });

  it.each([
    ['of two runs', [sqsRecord(carrierOf(one)), sqsRecord(carrierOf(another))]],
    ['of a run and of nobody', [sqsRecord(carrierOf(one)), sqsRecord({})]],
    ['of nobody and of a run', [sqsRecord({}), sqsRecord(carrierOf(one))]],
    ['of nobody', [sqsRecord({ traceparent })]],
    ['of a reference that is none', [sqsRecord({ traceparent, tracestate: 'whence=x' })]],
  ])('is nobody’s: %s', (_of, Records) => {
    const parent = parentOfInvocation({ Records }, undefined);
    expect(runIdIn(parent)).toBeUndefined();
    expect(spanBelow(parent).spanContext().traceState).toBeUndefined();
  });
});

describe('an invocation that says nothing', () => {
  it.each<[unknown, unknown]>([
    [undefined, undefined],
    [{}, {}],
    ['text', 'text'],
    [{ Records: 'text' }, { custom: 7 }],
    [{ Records: [null, 7, {}] }, { custom: { traceparent: 7 } }],
    [{ requestContext: {}, headers: null }, { custom: null }],
    [{ headers: { traceparent } }, undefined],
  ])('has no parent: %j, %j', (event, clientContext) => {
    const parent = parentOfInvocation(event as LambdaEvent, clientContext);
    expect(trace.getSpan(parent)?.spanContext().traceId ?? 'none').not.toBe(TRACE_ID);
    expect(runIdIn(parent)).toBeUndefined();
  });

  it('is apart from what is active', () => {
    context.with(
      trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId: 'b7ad6b7169203331', traceFlags: 1 }),
      () => {
        expect(trace.getSpan(parentOfInvocation({}, undefined))).toBeUndefined();
      },
    );
  });
});

describe('faas.trigger', () => {
  it.each<[LambdaEvent, string | undefined]>([
    [{ requestContext: {}, headers: {} }, 'http'],
    [{ Records: [sqsRecord({})] }, 'pubsub'],
    [{ Records: [snsRecord({})] }, 'pubsub'],
    [{ Records: [{ eventSource: 'aws:dynamodb' }] }, 'datasource'],
    [{ source: 'aws.events', 'detail-type': 'Scheduled Event' }, 'timer'],
    [{}, undefined],
    [null, undefined],
  ])('of %j', (event, expected) => {
    expect(triggerOf(event)).toBe(expected);
  });
});
