import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { action } from '../../runs/action.ts';
import { current } from '../../runs/active-run.ts';
import { startTracing, type Tracing, traceStateOf } from '../../testkit/tracing.ts';
import { carrier } from '../carrier.ts';
import { processParent } from './process-parent.ts';

const runId = newRunId();
const parent = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: `whence=${formatReference({ runId })}`,
};

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing(undefined, processParent(parent));
});
afterAll(() => tracing.stop());

describe('the parent of this process', () => {
  it('is the parent of what has no other, and its run is the current one', async () => {
    expect(current()).toMatchObject({ runId });
    expect(carrier()).toEqual(parent);
    await new Promise((resolve) => setTimeout(resolve, 1));
    action('child', {}, () => {});
    const span = tracing.named('child');
    expect(span.parentSpanContext).toMatchObject({ spanId: 'b7ad6b7169203331', isRemote: true });
    expect(traceStateOf(span)).toBe(parent.tracestate);
  });

  it('is not the parent of a request that came without one', () => {
    context.with(ROOT_CONTEXT, () => {
      action('request', {}, () => {});
      expect(trace.getActiveSpan()).toBeUndefined();
    });
    context.bind(ROOT_CONTEXT, () => action('bound request', {}, () => {}))();
    for (const name of ['request', 'bound request']) {
      expect([tracing.named(name).parentSpanContext, traceStateOf(tracing.named(name))]).toEqual([
        undefined,
        undefined,
      ]);
    }
  });

  it('gives way to an attached root', () => {
    const attached = context.attach?.(ROOT_CONTEXT);
    expect(current()).toBeUndefined();
    attached?.dispose();
    expect(current()).toMatchObject({ runId });
  });

  it('is nobody where it is malformed', () => {
    expect(processParent({ traceparent: 'nonsense', tracestate: parent.tracestate })).toBe(ROOT_CONTEXT);
  });
});
