import { basename } from 'node:path';
import type { Attributes } from '@opentelemetry/api';
import type { ResourceDetector } from '@opentelemetry/resources';
import { commandLine, OTEL } from '@whence/model';

/** OpenTelemetry's own detector records the arguments as they are, passwords and all. */
export const processResource: ResourceDetector = {
  detect: () => ({ attributes: processAttributes() }),
};

const processAttributes = (): Attributes => ({
  'process.pid': process.pid,
  [OTEL.processExecutable.key]: basename(process.execPath),
  [OTEL.processCommandLine.key]: commandLine(process.argv),
  'process.runtime.name': 'nodejs',
  'process.runtime.version': process.versions.node,
});
