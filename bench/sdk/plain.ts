/** The peer: OpenTelemetry's SDK 3 with its batch processor, and nothing else. */
import {
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { ATTRIBUTES, answerFor, fanOut, HEADERS, HOSTILE_HEADERS } from './operations.ts';

/** With less room in either, it loses spans of a round, or rejects the flush. */
const processor = new BatchSpanProcessor({
  exporter: new OTLPTraceExporter({ concurrencyLimit: 128 }),
  maxQueueSize: 32_768,
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
propagation.setGlobalPropagator(
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
);
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }));
const tracer = trace.getTracer('bench');

const spanOf = <T>(fn: () => T): T =>
  tracer.startActiveSpan('op', { attributes: ATTRIBUTES }, (span) => {
    try {
      return fn();
    } finally {
      span.end();
    }
  });

const inParent = <T>(fn: () => T): T =>
  context.with(propagation.extract(ROOT_CONTEXT, HEADERS, defaultTextMapGetter), () => spanOf(fn));

const spans = async (count: number): Promise<void> =>
  inParent(() => {
    for (let i = 0; i < count; i++) spanOf(() => {});
  });

await answerFor({
  flush: () => processor.forceFlush(),
  open: async (count) => {
    const opened = Promise.withResolvers<void>();
    void inParent(() =>
      Promise.all(
        Array.from({ length: count }, () =>
          tracer.startActiveSpan('op', { attributes: ATTRIBUTES }, async (span) => {
            await opened.promise;
            span.end();
          }),
        ),
      ),
    );
    return { end: opened.resolve };
  },
  operations: {
    span: spans,
    action: spans,
    runStart: async (count) => {
      for (let i = 0; i < count; i++) {
        await tracer.startActiveSpan('op', { root: true, attributes: ATTRIBUTES }, async (span) =>
          span.end(),
        );
      }
    },
    inject: async (count) =>
      inParent(() => {
        const active = context.active();
        for (let i = 0; i < count; i++) propagation.inject(active, {}, defaultTextMapSetter);
      }),
    extract: async (count) => {
      for (let i = 0; i < count; i++) propagation.extract(ROOT_CONTEXT, HEADERS, defaultTextMapGetter);
    },
    extractHostile: async (count) => {
      for (let i = 0; i < count; i++) {
        propagation.extract(ROOT_CONTEXT, HOSTILE_HEADERS, defaultTextMapGetter);
      }
    },
    fanOut: async (count) =>
      inParent(() =>
        fanOut(count, (wait) =>
          tracer.startActiveSpan('op', { attributes: ATTRIBUTES }, async (span) => {
            await wait();
            span.end();
          }),
        ),
      ),
  },
});
