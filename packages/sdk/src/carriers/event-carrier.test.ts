import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { formatReference, newRunId } from '@whence/model';
import { CloudEvent, HTTP } from 'cloudevents';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { action } from '../runs/action.ts';
import { current } from '../runs/active-run.ts';
import { scopeOf, withRun } from '../runs/run-scope.ts';
import { startTracing, type Tracing } from '../testkit/tracing.ts';
import { causedBy } from './caused-by.ts';
import { eventCarrier } from './event-carrier.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing();
});
afterAll(() => tracing.stop());

const scope = scopeOf(formatReference({ runId: newRunId() }))!;
const placed = (name: string, cause?: CloudEvent<unknown>): CloudEvent<unknown> =>
  context.with(withRun(ROOT_CONTEXT, scope), () =>
    action(
      name,
      {},
      () => new CloudEvent({ type: 'placed', source: '/shop', data: {}, ...eventCarrier(cause) }),
    ),
  );

describe('eventCarrier', () => {
  it.each(['binary', 'structured'] as const)('is found again by causedBy, by way of HTTP: %s', (mode) => {
    const { headers, body } = HTTP[mode](placed(`placed ${mode}`));
    const event = HTTP.toEvent<unknown>({ headers, body }) as CloudEvent<unknown>;
    const runId = causedBy(event, 'message', () => action(`effect ${mode}`, {}, () => current()?.runId));
    expect(runId).toBe(scope.runId);
    const [link] = tracing.named(`effect ${mode}`).links;
    expect(link).toMatchObject({
      context: { spanId: tracing.named(`placed ${mode}`).spanContext().spanId },
      attributes: { 'whence.cause': 'message' },
    });
  });

  it('names the event that brought this one about', () => {
    const first = placed('first');
    const second = placed('second', first);
    expect([first['causationid'], second['causationid']]).toEqual([undefined, first.id]);
  });

  it('is nothing where no span is active, and an event without it is nobody’s', () => {
    expect(eventCarrier()).toEqual({});
    const event = new CloudEvent({ type: 'placed', source: '/shop', ...eventCarrier() });
    const taken = context.with(withRun(ROOT_CONTEXT, scope), () =>
      causedBy(event, 'message', () => [current(), trace.getActiveSpan()]),
    );
    expect(taken).toEqual([undefined, undefined]);
  });

  it('has no tracestate outside of any run', () => {
    expect(Object.keys(action('of nobody', {}, () => eventCarrier()))).toEqual(['traceparent']);
  });
});
