import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { trace } from '@opentelemetry/api';
import type { TracedLibrary } from '../carriers/traced-library.ts';
import { readConfig, type WhenceOptions } from '../settings/config.ts';
import { noticesTo } from '../settings/notices.ts';

/**
 * Loads a package anew, as CommonJS does, patched as the SDK patches it, in this process. To be called after
 * `startTracing`, once for a library.
 */
export const patchedLibrary = <T>(
  library: TracedLibrary,
  packageName: string,
  options: WhenceOptions = {},
): T => {
  const { config } = readConfig({}, options);
  const notices = noticesTo(() => {}, 'silent');
  library.instrumentation({ config, notices }).setTracerProvider(trace.getTracerProvider());
  const require = createRequire(import.meta.url);
  for (const path of Object.keys(require.cache)) {
    const isOfLibrary = [packageName, ...library.packages].some((name) =>
      path.includes(`${sep}node_modules${sep}${name}${sep}`),
    );
    if (isOfLibrary) delete require.cache[path];
  }
  return require(packageName) as T;
};
