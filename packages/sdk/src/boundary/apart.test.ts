import { type Context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeIn, withCause } from '../carriers/caused-by.ts';
import { runIn } from '../runs/run-scope.ts';
import { startTracing, type Tracing } from '../testkit/tracing.ts';
import { apartFrom } from './apart.ts';
import { tokenIn, withArrivedToken } from './transaction-token.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing();
});
afterAll(() => tracing.stop());

const CALLER = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  isRemote: true,
  traceState: new TraceState(`whence=${formatReference({ runId: newRunId() })}`),
};

/** The context of a handler: below the server's span, with baggage and a token that came in. */
const served = (extracted: Context): Context => {
  const more = withArrivedToken(
    propagation.setBaggage(extracted, propagation.createBaggage({ owner: { value: 'anna' } })),
    'e30.e30.c2ln',
  );
  return trace.setSpan(more, trace.getTracer('test').startSpan('GET', {}, more));
};

const seen = (within: Context) => ({
  span: trace.getSpan(within) !== undefined,
  run: runIn(within) !== undefined,
  cause: causeIn(within)?.spanContext.spanId,
  baggage: propagation.getBaggage(within) !== undefined,
  token: tokenIn(within) !== undefined,
});

const apart = { span: false, run: false, cause: undefined, baggage: false, token: false };

describe('apart from a request', () => {
  it('that goes on in the trace of its caller', () => {
    const active = served(trace.setSpanContext(ROOT_CONTEXT, CALLER));
    expect(seen(active)).toEqual({ span: true, run: true, cause: undefined, baggage: true, token: true });
    expect(seen(apartFrom(active, 'discard'))).toEqual(apart);
    const { spanId } = trace.getSpanContext(active)!;
    expect(seen(apartFrom(active, 'link'))).toEqual({ ...apart, cause: spanId });
  });

  it('that was linked to its caller already', () => {
    const active = served(withCause(ROOT_CONTEXT, { spanContext: CALLER, kind: 'call' }));
    expect(seen(apartFrom(active, 'link'))).toEqual({ ...apart, span: true, cause: CALLER.spanId });
    expect(seen(apartFrom(active, 'discard'))).toEqual(apart);
  });

  it.each(['link', 'discard'] as const)('that came without a cause, there is its span: %s', (how) => {
    expect(seen(apartFrom(served(ROOT_CONTEXT), how))).toEqual({ ...apart, span: true });
  });

  it('that nobody records, it is taken to have come with one', () => {
    const active = trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext({ ...CALLER, traceFlags: 0 }));
    expect(seen(apartFrom(active, 'link'))).toEqual({ ...apart, cause: CALLER.spanId });
  });

  it.each(['link', 'discard'] as const)(
    'that is not traced, there is nothing to be apart from: %s',
    (how) => {
      expect(seen(apartFrom(ROOT_CONTEXT, how))).toEqual(apart);
    },
  );
});
