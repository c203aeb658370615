import { basename } from 'node:path';
import type { Attributes } from '@opentelemetry/api';
import { getStringListFromEnv } from '@opentelemetry/core';
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  osDetector,
  type Resource,
  type ResourceDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { commandLine, OTEL } from '@whence/model';
import type { SdkConfig } from '../settings/config.ts';
import { ciAttributes } from './ci-attributes.ts';

/** Who the process is: what `OTEL_NODE_RESOURCE_DETECTORS` names, otherwise all of ours. */
export const resourceOf = (config: SdkConfig): Resource => {
  const named = getStringListFromEnv('OTEL_NODE_RESOURCE_DETECTORS') ?? [];
  const resource = defaultResource().merge(detectResources({ detectors: detectorsNamed(named) }));
  return config.service === undefined
    ? resource
    : resource.merge(resourceFromAttributes({ [OTEL.serviceName.key]: config.service }));
};

const detectorsNamed = (names: readonly string[]): ResourceDetector[] => {
  if (names.includes('none')) return [];
  const all = names.length === 0 || names.includes('all');
  return Object.entries(DETECTORS)
    .filter(([name, { byDefault }]) => names.includes(name) || (all && (byDefault || names.length > 0)))
    .map(([, { detector }]) => detector);
};

/** OpenTelemetry's own detector records the arguments as they are, passwords and all. */
const processResource: ResourceDetector = {
  detect: () => ({ attributes: processAttributes() }),
};

const processAttributes = (): Attributes => ({
  'process.pid': process.pid,
  [OTEL.processExecutable.key]: basename(process.execPath),
  [OTEL.processCommandLine.key]: commandLine(process.argv),
  'process.runtime.name': 'nodejs',
  'process.runtime.version': process.versions.node,
});

const DETECTORS: Readonly<Record<string, { detector: ResourceDetector; byDefault: boolean }>> = {
  serviceinstance: { detector: serviceInstanceIdDetector, byDefault: true },
  host: { detector: hostDetector, byDefault: true },
  os: { detector: osDetector, byDefault: false },
  process: { detector: processResource, byDefault: true },
  ci: { detector: { detect: () => ({ attributes: ciAttributes(process.env) }) }, byDefault: true },
  env: { detector: envDetector, byDefault: true },
};
