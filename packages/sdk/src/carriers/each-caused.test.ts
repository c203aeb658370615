import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { action } from '../runs/action.ts';
import { current } from '../runs/active-run.ts';
import { startTracing, type Tracing, traceStateOf } from '../testkit/tracing.ts';
import { eachCaused } from './each-caused.ts';
import { takeUp } from './queues/taken-up.ts';

let tracing: Tracing;
beforeAll(() => {
  tracing = startTracing();
});
afterAll(() => tracing.stop());

const [a, b] = [newRunId(), newRunId()].map((runId) => formatReference({ runId }));
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const messageOf = (reference?: string) => ({
  headers: { traceparent, ...(reference && { tracestate: `whence=${reference}` }) },
});

it('does the work of each message in its run, one after another', async () => {
  const runs: (string | undefined)[] = [];
  await eachCaused([messageOf(a), messageOf(b), messageOf(), {}], async (_, index) => {
    await new Promise((resolve) => setImmediate(resolve));
    runs[index] = current()?.reference;
    action(`work ${index}`, {}, () => {});
  });
  expect(runs).toEqual([a, b, undefined, undefined]);
  expect(current()).toBeUndefined();
  expect([0, 1, 2, 3].map((index) => tracing.named(`work ${index}`).links.length)).toEqual([1, 1, 1, 0]);
});

it('stops at the first that fails, as it failed', async () => {
  const seen: number[] = [];
  const failing = eachCaused([messageOf(a), messageOf(b), messageOf(a)], (_, index) => {
    seen.push(index);
    if (index === 1) throw new RangeError('second');
  });
  await expect(failing).rejects.toThrow(RangeError);
  expect(seen).toEqual([0, 1]);
});

it('links a tick of a schedule, and leaves it to nobody', async () => {
  const { headers } = messageOf(a);
  const ticks = [
    { data: { whence: { ...headers, cause: 'schedule' } } },
    { repeatJobKey: 'nightly', opts: { telemetry: { metadata: JSON.stringify(headers) } } },
  ];
  await eachCaused(ticks, (_, index) => action(`tick ${index}`, {}, () => {}));
  for (const name of ['tick 0', 'tick 1']) {
    expect(traceStateOf(tracing.named(name))).toBeUndefined();
    expect(tracing.named(name).links[0]!.attributes).toEqual({ 'whence.cause': 'schedule' });
  }
});

it('works in the span that a library has begun for the message, and ends it as its work ends', async () => {
  const tracer = trace.getTracer('library');
  const messages = ['fine', 'not fine'].map((name) => {
    const message = { name };
    takeUp(message, tracer.startSpan(`process ${name}`, { kind: SpanKind.CONSUMER }, ROOT_CONTEXT));
    return message;
  });
  const spans = tracing.spans;
  await eachCaused(messages.slice(0, 1), () => action('inside', {}, () => {}));
  expect(tracing.named('inside').parentSpanContext!.spanId).toBe(
    tracing.named('process fine').spanContext().spanId,
  );
  await expect(eachCaused(messages.slice(1), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(tracing.named('process not fine').status.message).toBe('no');
  expect(tracing.named('process fine').status.message).toBeUndefined();

  const before = spans().length;
  await eachCaused(messages.slice(0, 1), () => {});
  expect(spans()).toHaveLength(before);
});
