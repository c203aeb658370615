import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { action } from '../runs/action.ts';
import { current } from '../runs/active-run.ts';
import { scopeOf, withRun } from '../runs/run-scope.ts';
import { startTracing, type Tracing, traceStateOf } from '../testkit/tracing.ts';
import { carrier, childEnv } from './carrier.ts';
import { causedBy } from './caused-by.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing();
});
afterAll(() => tracing.stop());

const scope = scopeOf(formatReference({ runId: newRunId() }))!;
const inRun = <T>(fn: () => T): T => context.with(withRun(ROOT_CONTEXT, scope), fn);
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('carrier', () => {
  it('has the active span and the reference', () => {
    const { spanId, carried } = inRun(() =>
      action('producer', {}, (span) => ({ spanId: span.spanContext().spanId, carried: carrier() })),
    );
    expect(carried.traceparent).toContain(spanId);
    expect(carried.tracestate).toBe(`whence=${scope.reference}`);
  });

  it('is empty where no span is active', () => {
    expect(carrier()).toEqual({ traceparent: '' });
  });

  it('passes the cause on where the effect has no span yet', () => {
    const carried = { traceparent: TRACEPARENT, tracestate: `whence=${scope.reference}` };
    expect(causedBy(carried, 'message', carrier)).toEqual(carried);
  });
});

describe('causedBy', () => {
  const carried = { traceparent: TRACEPARENT, tracestate: `other=1,whence=${scope.reference}` };

  it('begins a new trace in the same run, linked to its cause', () => {
    action('around', {}, () => {
      causedBy(carried, 'message', () => action('effect', {}, () => action('effect of it', {}, () => {})));
    });
    const effect = tracing.named('effect');
    expect(effect.parentSpanContext).toBeUndefined();
    expect(effect.spanContext().traceId).not.toBe('0af7651916cd43dd8448eb211c80319c');
    expect(traceStateOf(effect)).toBe(`whence=${scope.reference}`);
    expect(effect.links).toMatchObject([
      {
        context: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
        attributes: { 'whence.cause': 'message' },
      },
    ]);
    const below = tracing.named('effect of it');
    expect(below.spanContext().traceId).toBe(effect.spanContext().traceId);
    expect(below.links).toEqual([]);
  });

  it('links each trace that begins in it', () => {
    causedBy(carried, 'retry', () => {
      for (const name of ['first of two', 'second of two']) action(name, {}, () => {});
    });
    const [first, second] = ['first of two', 'second of two'].map((name) => tracing.named(name));
    expect(first!.spanContext().traceId).not.toBe(second!.spanContext().traceId);
    for (const { links } of [first!, second!])
      expect(links[0]!.attributes).toEqual({ 'whence.cause': 'retry' });
  });

  it('says whose run it is', () => {
    expect(causedBy(carried, 'message', current)).toEqual({
      runId: scope.runId,
      reference: scope.reference,
      assurance: 'asserted',
    });
  });

  it('gives what a carrier without a reference causes to nobody, not to the run that took it up', () => {
    inRun(() => causedBy({ traceparent: TRACEPARENT }, 'message', () => action('nobodys', {}, () => {})));
    const effect = tracing.named('nobodys');
    expect(traceStateOf(effect)).toBeUndefined();
    expect(effect.links).toHaveLength(1);
  });

  it.each([[{}], [{ traceparent: '' }], [{ traceparent: 'zz', tracestate: 'whence=x' }]])(
    'takes %j for no cause',
    (nothing) => {
      const name = `of ${JSON.stringify(nothing)}`;
      action('before', {}, () => causedBy(nothing, 'message', () => action(name, {}, () => {})));
      const effect = tracing.named(name);
      expect([effect.links, effect.parentSpanContext, traceStateOf(effect)]).toEqual([
        [],
        undefined,
        undefined,
      ]);
    },
  );

  it('gives back promises and throws errors as they are', async () => {
    const effect = causedBy(carried, 'message', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return current()?.runId;
    });
    expect(await effect).toBe(scope.runId);
    expect(() =>
      causedBy(carried, 'message', () => {
        throw new RangeError();
      }),
    ).toThrow(RangeError);
  });
});

describe('current', () => {
  it('is undefined outside of any run', () => {
    expect(current()).toBeUndefined();
  });

  it('is read from the tracestate of a span that came from elsewhere', () => {
    const { traceId, spanId } = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
    const reference = `${scope.reference}.k1.AAAAAAAAAAAAAAAA`;
    const traceState = new TraceState(`whence=${reference}`);
    const remote = trace.setSpanContext(ROOT_CONTEXT, {
      traceId,
      spanId,
      traceFlags: 1,
      isRemote: true,
      traceState,
    });
    expect(context.with(remote, current)).toEqual({ runId: scope.runId, reference, assurance: 'verified' });
  });
});

describe('childEnv', () => {
  it('adds the active span and run', () => {
    const env = inRun(() => action('parent of a child', {}, () => childEnv({ PATH: '/bin' })));
    expect(env).toEqual({
      PATH: '/bin',
      TRACEPARENT: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
      TRACESTATE: `whence=${scope.reference}`,
    });
  });

  it('leaves nothing of another run in it', () => {
    const inherited = { TRACEPARENT, TRACESTATE: 'whence=another' };
    expect(childEnv(inherited)).toEqual({});
    expect(inherited.TRACEPARENT).toBe(TRACEPARENT);
    const env = action('of no run', {}, () => childEnv(inherited));
    expect(Object.keys(env)).toEqual(['TRACEPARENT']);
  });
});
