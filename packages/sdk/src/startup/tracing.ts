import {
  context,
  DiagConsoleLogger,
  diag,
  ProxyTracerProvider,
  propagation,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { diagLogLevelFromString, getBooleanFromEnv, getStringFromEnv } from '@opentelemetry/core';
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { trustBoundary } from '../boundary/trust-boundary.ts';
import { CauseLinks } from '../carriers/cause-links.ts';
import { LIBRARIES } from '../carriers/libraries.ts';
import { ProcessParentContextManager, processParent } from '../carriers/processes/process-parent.ts';
import { NO_PIPELINE, openPipeline, type Pipeline } from '../export/pipeline.ts';
import { RunSampler } from '../runs/run-sampler.ts';
import type { SdkConfig } from '../settings/config.ts';
import type { Notices } from '../settings/notices.ts';
import { startMetricsAndLogs } from './metrics-and-logs.ts';
import { resourceOf } from './resource.ts';
import { spanLimits } from './span-limits.ts';

/** OpenTelemetry as it was set up. */
export interface Tracing extends Pipeline {
  readonly instrumentations: readonly Instrumentation[];
}

/** Sets OpenTelemetry up for this process, unless `OTEL_SDK_DISABLED`. */
export const startTracing = (config: SdkConfig, notices: Notices): Tracing => {
  if (getBooleanFromEnv('OTEL_SDK_DISABLED')) return { ...NO_PIPELINE, instrumentations: [] };
  const level = diagLogLevelFromString(getStringFromEnv('OTEL_LOG_LEVEL'));
  if (level !== undefined) diag.setLogger(new DiagConsoleLogger(), { logLevel: level });
  if (isProviderSet()) {
    notices.warn('another OpenTelemetry SDK was set up in this process before: Whence traces nothing here');
  }

  const resource = resourceOf(config);
  const pipeline = openPipeline(config, notices);
  context.setGlobalContextManager(
    config.parent === undefined
      ? new AsyncLocalStorageContextManager()
      : new ProcessParentContextManager(processParent(config.parent)),
  );
  const boundary = trustBoundary(config, notices);
  if (boundary !== undefined) propagation.setGlobalPropagator(boundary);
  trace.setGlobalTracerProvider(
    new TracerProvider({
      resource,
      sampler: new RunSampler(config.sampler),
      spanLimits: spanLimits(),
      spanProcessors: [new CauseLinks(), ...pipeline.processors],
    }),
  );
  const instrumentations = LIBRARIES.map((library) => library.instrumentation({ config, notices }));
  registerInstrumentations({ instrumentations });
  // After it: the exporters of metrics and logs load packages that are to be traced.
  const others = startMetricsAndLogs(config, resource, instrumentations);
  return {
    ...pipeline,
    instrumentations,
    shutdown: async () => void (await Promise.all([pipeline.shutdown(), others?.shutdown()])),
  };
};

/** A provider that is set stays: OpenTelemetry takes no second one, and says so to nobody. */
const isProviderSet = (): boolean => {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('whence') !== undefined;
};
