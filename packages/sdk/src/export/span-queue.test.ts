import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { type ReadableSpan, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { heardNotices } from '../testkit/heard-notices.ts';
import { type OtlpSink, otlpSink } from '../testkit/otlp-sink.ts';
import { SpanLosses } from './span-losses.ts';
import { SpanQueue } from './span-queue.ts';

const LIMITS = { maxQueueSize: 32_768, maxExportBatchSize: 512, scheduledDelayMillis: 1000 };

let sink: OtlpSink;
beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  sink = await otlpSink();
});
afterEach(() => sink.clear());
afterAll(async () => {
  trace.disable();
  await sink.close();
});

const queueTo = (exporter: SpanExporter, limits = LIMITS) => {
  const { notices, heard } = heardNotices();
  const losses = new SpanLosses(notices);
  const queue = new SpanQueue(exporter, limits, losses);
  const tracer = new TracerProvider({ spanProcessors: [queue] }).getTracer('test');
  const burst = (count: number) => {
    for (let i = 0; i < count; i++) tracer.startSpan(`s${i}`).end();
  };
  return { queue, losses, heard, burst };
};

/** An exporter that answers when, and as, the test says. */
const heldExporter = () => {
  const pending: { spans: ReadableSpan[]; done: (result: ExportResult) => void }[] = [];
  const exporter: SpanExporter = {
    export: (spans, done) => void pending.push({ spans, done }),
    shutdown: async () => {},
  };
  const answer = (code: ExportResultCode, error?: Error) => {
    for (const { done } of pending.splice(0)) done(error === undefined ? { code } : { code, error });
  };
  return { exporter, pending, answer };
};

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('SpanQueue', () => {
  it('loses nothing of a burst of 10,000 spans in one tick', async () => {
    const { queue, losses, burst, heard } = queueTo(new OTLPTraceExporter({ url: `${sink.url}/v1/traces` }));
    burst(10_000);
    await queue.forceFlush();
    expect(new Set(sink.spans.map(({ name }) => name)).size).toBe(10_000);
    expect([queue.held, losses.total, heard]).toEqual([0, 0, []]);
    await queue.shutdown();
  });

  it('loses nothing of a full queue, which is more requests than the exporter takes at a time', async () => {
    const limits = { ...LIMITS, maxQueueSize: 4000, maxExportBatchSize: 50 };
    const { queue, losses, burst } = queueTo(new OTLPTraceExporter({ url: `${sink.url}/v1/traces` }), limits);
    burst(4000);
    await queue.forceFlush();
    expect([sink.spans.length, losses.total]).toEqual([4000, 0]);
    await queue.shutdown();
  });

  it('counts what it drops, and says so once per episode', async () => {
    const { exporter, answer } = heldExporter();
    const { queue, losses, burst, heard } = queueTo(exporter, {
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
      answer(ExportResultCode.SUCCESS);
    }
    burst(1);
    expect(heard.slice(1)).toEqual(['whence: 30 spans were dropped\n']);
    const closed = queue.shutdown();
    await soon();
    answer(ExportResultCode.SUCCESS);
    await closed;
    burst(1);
    losses.tellTotal(queue.held);
    expect(heard.at(-1)).toBe('whence: 31 spans of this process were not exported\n');
  });

  it('keeps spans while the receiver is away, and delivers them when it is back', async () => {
    const { queue, losses, burst, heard } = queueTo(
      new OTLPTraceExporter({ url: `${sink.url}/v1/traces`, timeoutMillis: 300 }),
    );
    sink.status = 503;
    burst(100);
    const flushed = queue.forceFlush();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(queue.held).toBe(100);
    sink.status = 200;
    await flushed;
    expect([sink.spans.length, queue.held, losses.total, heard]).toEqual([100, 0, 0, []]);
    await queue.shutdown();
  });

  it('does not offer again what the receiver refuses, and counts it', async () => {
    const { queue, losses, burst, heard } = queueTo(new OTLPTraceExporter({ url: `${sink.url}/v1/traces` }));
    sink.status = 401;
    burst(3);
    await queue.forceFlush();
    expect([losses.total, queue.held]).toEqual([3, 0]);
    expect(heard).toEqual([expect.stringContaining('spans are being lost')]);
    sink.status = 200;
    burst(1);
    await queue.forceFlush();
    expect(heard.slice(1)).toEqual(['whence: spans can be exported again; 3 were lost\n']);
    await queue.shutdown();
  });

  it('gives up when told: one more try, then all of it is lost and counted', async () => {
    const { exporter, pending, answer } = heldExporter();
    const { queue, losses, burst } = queueTo(exporter, { ...LIMITS, maxExportBatchSize: 10 });
    burst(100);
    queue.giveUp();
    const flushed = queue.forceFlush();
    await soon();
    expect(pending).toHaveLength(4);
    answer(ExportResultCode.FAILED, new Error('away'));
    await flushed;
    expect([losses.total, queue.held, pending.length]).toEqual([100, 0, 0]);
    burst(1);
    void queue.forceFlush();
    await soon();
    answer(ExportResultCode.SUCCESS);
    await soon();
    expect(queue.held).toBe(0);
  });

  it('survives an exporter that throws', async () => {
    const throwing: SpanExporter = {
      export: () => {
        throw new Error('not ready');
      },
      shutdown: async () => {},
    };
    const { queue, losses, burst } = queueTo(throwing);
    burst(2);
    await queue.shutdown();
    expect(losses.total).toBe(2);
  });
});
