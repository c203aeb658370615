import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import type { TracedLibrary } from '../traced-library.ts';

/** `fetch`, and the package undici: both tell of their requests over diagnostics channels, so nothing is patched. */
export const undici: TracedLibrary = {
  packages: [],
  instrumentation: () => new UndiciInstrumentation(),
};
