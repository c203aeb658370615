import { createRequire } from 'node:module';
import { metrics } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { Resource } from '@opentelemetry/resources';
import type { NodeSDK } from '@opentelemetry/sdk-node';
import type { SdkConfig } from '../settings/config.ts';

/**
 * Metrics and logs where their variables ask for them: OpenTelemetry's own, as it sets them up. Loading all its
 * exporters takes longer than the rest of the start, so it is not done otherwise.
 */
export const startMetricsAndLogs = (
  config: SdkConfig,
  resource: Resource,
  instrumentations: readonly Instrumentation[],
): NodeSDK | undefined => {
  if (!config.exportsMetrics && !config.exportsLogs) return undefined;
  const { NodeSDK: Sdk } = createRequire(import.meta.url)('@opentelemetry/sdk-node') as {
    NodeSDK: typeof NodeSDK;
  };
  const sdk = new Sdk({
    resource,
    autoDetectResources: false,
    spanProcessors: [],
    textMapPropagator: null,
    contextManager: null as never,
    ...(config.exportsMetrics ? {} : { metricReaders: [] }),
    ...(config.exportsLogs ? {} : { logRecordProcessors: [] }),
  });
  sdk.start();
  for (const instrumentation of instrumentations)
    instrumentation.setMeterProvider(metrics.getMeterProvider());
  return sdk;
};
