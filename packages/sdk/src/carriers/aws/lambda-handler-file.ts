import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/**
 * The module that Lambda's runtime loads the handler from: `_HANDLER` is `src/billing.handler`, below
 * `LAMBDA_TASK_ROOT`. Undefined outside of Lambda, and where there is no such module.
 */
export const lambdaHandlerFile = (env: Readonly<Record<string, string | undefined>>): string | undefined => {
  const { LAMBDA_TASK_ROOT: root, _HANDLER: handler } = env;
  if (!root || !handler) return undefined;
  const [module] = basename(handler).split('.', 1);
  const path = resolve(root, dirname(handler), module!);
  return EXTENSIONS.map((extension) => `${path}${extension}`).find((file) => existsSync(file));
};

/** In the order in which OpenTelemetry's instrumentation looks, which takes the first. */
const EXTENSIONS = ['.js', '.mjs', '.cjs'] as const;
