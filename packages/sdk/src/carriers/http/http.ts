import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import type { TracedLibrary } from '../traced-library.ts';

/** `node:http` and `node:https`, both sides. */
export const http: TracedLibrary = {
  packages: [],
  instrumentation: () => new HttpInstrumentation(),
};
