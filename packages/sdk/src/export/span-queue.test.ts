import { ROOT_CONTEXT } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { WHENCE } from '@whence/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { heardNotices } from '../testkit/heard-notices.ts';
import { type OtlpSink, otlpSink } from '../testkit/otlp-sink.ts';
import { httpSender } from './http-sender.ts';
import type { Sender, Sent } from './sender.ts';
import { SpanLosses } from './span-losses.ts';
import { SpanQueue } from './span-queue.ts';

const LIMITS = { maxQueueSize: 32_768, maxExportBatchSize: 512, scheduledDelayMillis: 1000 };
const TAKEN: Sent = { status: 'taken', rejected: 0, reason: '' };

let sink: OtlpSink;
beforeAll(async () => {
  sink = await otlpSink();
});
afterEach(() => sink.clear());
afterAll(() => sink.close());

const toSink = (): Sender => httpSender(`${sink.url}/v1/traces`, undefined);

const queueTo = (sender: Sender, limits = LIMITS) => {
  const { notices, heard } = heardNotices();
  const reports: (string | number)[][] = [];
  const losses = new SpanLosses(notices, (...report) => reports.push(report));
  const queue = new SpanQueue(sender, undefined, limits, losses);
  const tracer = new TracerProvider({ spanProcessors: [queue] }).getTracer('test');
  const burst = (count: number) => {
    for (let i = 0; i < count; i++) tracer.startSpan(`s${i}`, {}, ROOT_CONTEXT).end();
  };
  return { queue, losses, heard, reports, burst };
};

/** A sender that answers when, and as, the test says. */
const heldSender = () => {
  const pending: ((sent: Sent) => void)[] = [];
  const sender: Sender = { send: () => new Promise((resolve) => pending.push(resolve)) };
  const answer = (sent: Sent) => {
    for (const resolve of pending.splice(0)) resolve(sent);
  };
  return { sender, pending, answer };
};

const soon = () => new Promise((resolve) => setImmediate(resolve));
const sequences = () => sink.spans.map(({ attributes }) => Number(attributes[WHENCE.sequence.key]));

describe('SpanQueue', () => {
  it('loses nothing of a burst of 10,000 spans in one tick', async () => {
    const { queue, losses, burst, heard } = queueTo(toSink());
    burst(10_000);
    await queue.forceFlush();
    expect(new Set(sink.spans.map(({ name }) => name)).size).toBe(10_000);
    expect([queue.held, losses.total, heard]).toEqual([0, 0, []]);
  });

  it('sends a full batch at once, and an incomplete one after the delay', async () => {
    const { burst } = queueTo(toSink(), { ...LIMITS, maxExportBatchSize: 10, scheduledDelayMillis: 300 });
    burst(13);
    await expect.poll(() => sink.spans.length).toBe(13);
    const { burst: later } = queueTo(toSink(), { ...LIMITS, scheduledDelayMillis: 10 });
    later(1);
    await expect.poll(() => sink.spans.length).toBe(14);
  });

  it('numbers the spans of a process, without a gap where none is lost', async () => {
    const { queue, burst } = queueTo(toSink(), { ...LIMITS, maxExportBatchSize: 7 });
    burst(20);
    await queue.forceFlush();
    expect(sequences().sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  it('numbers those that it drops as well, so that the record shows the gap', async () => {
    const { queue, burst, reports } = queueTo(toSink(), { ...LIMITS, maxQueueSize: 10 });
    burst(15);
    await queue.forceFlush();
    burst(1);
    await queue.forceFlush();
    expect(sequences()).toHaveLength(11);
    expect(Math.max(...sequences())).toBe(11 + 5);
    expect(reports).toEqual([[5, expect.stringContaining('OTEL_BSP_MAX_QUEUE_SIZE')]]);
  });

  it('counts what it drops, and says so once per episode', async () => {
    const { sender, answer } = heldSender();
    const { queue, losses, burst, heard } = queueTo(sender, {
      ...LIMITS,
      maxQueueSize: 100,
      maxExportBatchSize: 10,
    });
    burst(130);
    expect([queue.held, losses.total]).toEqual([100, 30]);
    expect(heard).toEqual([expect.stringContaining('spans are being dropped')]);
    while (queue.held > 0) {
      void queue.forceFlush();
      await soon();
      answer(TAKEN);
    }
    burst(1);
    expect(heard.slice(1)).toEqual(['whence: 30 spans were dropped\n']);
    const flushed = queue.forceFlush();
    await soon();
    answer(TAKEN);
    await flushed;
    await queue.shutdown();
    burst(1);
    losses.tellTotal(queue.held);
    expect(heard.at(-1)).toBe('whence: 31 spans of this process were not exported\n');
  });

  it('keeps spans while the receiver is away, and delivers them when it is back', async () => {
    const { queue, losses, burst, heard } = queueTo(toSink());
    sink.status = 503;
    burst(100);
    const flushed = queue.forceFlush();
    await expect.poll(() => heard).toEqual([expect.stringContaining('503')]);
    expect(queue.held).toBe(100);
    sink.status = 200;
    await flushed;
    expect([sink.spans.length, queue.held, losses.total]).toEqual([100, 0, 0]);
  });

  it.each([401, 403, 404, 429, 500])(
    'keeps spans that are answered %i: an operator can help',
    async (status) => {
      const { queue, losses, burst } = queueTo(toSink());
      sink.status = status;
      burst(3);
      void queue.forceFlush();
      await expect.poll(() => sink.authorizations.length).toBeGreaterThan(0);
      expect([losses.total, queue.held]).toEqual([0, 3]);
      sink.status = 200;
      await queue.forceFlush();
      expect([sink.spans.length, losses.total, queue.held]).toEqual([3, 0, 0]);
    },
  );

  it('does not offer again what the receiver refuses, and counts it', async () => {
    const { queue, losses, burst, heard, reports } = queueTo(toSink());
    sink.status = 400;
    burst(3);
    await queue.forceFlush();
    expect([losses.total, queue.held]).toEqual([3, 0]);
    expect(heard).toEqual([expect.stringContaining('spans are being lost')]);
    sink.status = 200;
    burst(1);
    await queue.forceFlush();
    expect(heard.slice(1)).toEqual(['whence: spans can be exported again; 3 were lost\n']);
    expect(reports).toEqual([[3, expect.stringContaining('400')]]);
  });

  it('counts the spans of a request that the receiver takes in part only', async () => {
    const { sender, answer, pending } = heldSender();
    const { queue, losses, burst } = queueTo(sender);
    burst(5);
    void queue.forceFlush();
    await expect.poll(() => pending.length).toBe(1);
    answer({ status: 'taken', rejected: 2, reason: 'spans without an id' });
    await expect.poll(() => queue.held).toBe(0);
    expect(losses.total).toBe(2);
  });

  it('sends a few requests at a time', async () => {
    const { sender, pending, answer } = heldSender();
    const { queue, burst } = queueTo(sender, { ...LIMITS, maxExportBatchSize: 10 });
    burst(100);
    void queue.forceFlush();
    await expect.poll(() => pending.length).toBe(4);
    while (queue.held > 0) {
      answer(TAKEN);
      await soon();
      expect(pending.length).toBeLessThanOrEqual(4);
    }
  });

  it('reads what the receiver rejected from its answer, in protobuf', async () => {
    sink.answer = Buffer.from([0x0a, 0x06, 0x08, 0x02, 0x12, 0x02, 0x6e, 0x6f]);
    expect(await toSink().send(new Uint8Array())).toEqual({ status: 'taken', rejected: 2, reason: 'no' });
  });
});
