import { ProxyTracerProvider, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { envDetector, hostDetector, serviceInstanceIdDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ConsoleSpanExporter, type SpanExporter } from '@opentelemetry/sdk-trace';
import { trustBoundary } from '../boundary/trust-boundary.ts';
import { CauseLinks } from '../carriers/cause-links.ts';
import { LIBRARIES } from '../carriers/libraries.ts';
import { ProcessParentContextManager, processParent } from '../carriers/processes/process-parent.ts';
import { RunSampler } from '../runs/run-sampler.ts';
import type { SdkConfig } from '../settings/config.ts';
import type { Notices } from '../settings/notices.ts';
import { OpenSpans } from './open-spans.ts';
import { processResource } from './process-resource.ts';
import { SpanLosses } from './span-losses.ts';
import { SpanQueue } from './span-queue.ts';
import { within } from './within.ts';

export const FLUSH_MILLIS = 5000;

/** From the end of a span to the receiver. */
export interface Pipeline {
  /** Spans ended and neither exported nor lost yet. */
  held(): number;
  /** Resolves when none is held, or after `millis`. @returns whether none is */
  flush(millis?: number): Promise<boolean>;
  /** Ends, as unfinished, the spans that have not ended. */
  endOpen(reason: string): void;
  /** What is held is tried once more; then it is lost, and counted. */
  giveUp(): void;
  shutdown(): Promise<void>;
  /** Says how many were lost, where any were. */
  tellLosses(): void;
}

/** Starts OpenTelemetry's NodeSDK with what Whence adds to it. */
export const startPipeline = (config: SdkConfig, notices: Notices): Pipeline => {
  const losses = new SpanLosses(notices);
  const exporter = exporterOf(config);
  const queue = exporter === undefined ? undefined : new SpanQueue(exporter, config, losses);
  const open = new OpenSpans();
  const sdk = new NodeSDK({
    ...(config.service === undefined ? {} : { serviceName: config.service }),
    ...(config.parent === undefined
      ? {}
      : { contextManager: new ProcessParentContextManager(processParent(config.parent)) }),
    ...(config.detectsResource
      ? { resourceDetectors: [serviceInstanceIdDetector, hostDetector, processResource, envDetector] }
      : {}),
    ...(config.exportsMetrics ? {} : { metricReaders: [] }),
    ...(config.exportsLogs ? {} : { logRecordProcessors: [] }),
    textMapPropagator: trustBoundary(config, notices),
    sampler: new RunSampler(config.sampler),
    spanProcessors: [new CauseLinks(), open, ...(queue === undefined ? [] : [queue])],
    instrumentations: Object.values(LIBRARIES).map((library) => library.instrumentation({ config, notices })),
  });
  if (isProviderSet()) {
    notices.warn('another OpenTelemetry SDK was set up in this process before: Whence traces nothing here');
  }
  sdk.start();

  const held = (): number => queue?.held ?? 0;
  const flush = async (millis = FLUSH_MILLIS): Promise<boolean> => {
    if (queue !== undefined) await within(millis, queue.forceFlush());
    return held() === 0;
  };
  let closed: Promise<void> | undefined;
  return {
    held,
    flush,
    endOpen: (reason) => open.endAll(reason),
    giveUp: () => queue?.giveUp(),
    shutdown: () => {
      open.endAll('tracing was shut down');
      closed ??= flush()
        .then(() => within(FLUSH_MILLIS, sdk.shutdown()))
        .then(() => losses.tellTotal(held()));
      return closed;
    },
    tellLosses: () => losses.tellTotal(held()),
  };
};

/** A provider that is set stays: OpenTelemetry takes no second one, and says so to nobody. */
const isProviderSet = (): boolean => {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('whence') !== undefined;
};

const exporterOf = (config: SdkConfig): SpanExporter | undefined => {
  switch (config.tracesExporter) {
    case 'none':
      return undefined;
    case 'console':
      return new ConsoleSpanExporter();
    case 'otlp':
      return new OTLPTraceExporter({
        url: config.tracesEndpoint,
        ...(config.sendsKeyToExporter ? { headers: { authorization: `Bearer ${config.key}` } } : {}),
      });
  }
};
