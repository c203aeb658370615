import * as seenByEsModules from 'node:http';
import { createRequire, register, syncBuiltinESMExports } from 'node:module';
import { isWrapped } from '@opentelemetry/instrumentation';
import { register as registerSync, supportsSyncHooks } from 'import-in-the-middle/register-hooks.mjs';
import { HOOKED_PACKAGES } from '../carriers/libraries.ts';

/**
 * Lets instrumentations patch packages that ES modules import, from the next import on. Without it they patch nothing
 * there, and say nothing.
 *
 * Node's own hooks in this thread where the running version has them without their early fault
 * (nodejs/node#59929), a loader thread before. Only what we patch is wrapped: wrapping all modules slows start-up
 * and trips over some.
 *
 * @returns whether they are in place
 */
export const hookEsModules = (): boolean => {
  const include = [...HOOKED_PACKAGES];
  try {
    if (supportsSyncHooks()) registerSync({ include });
    else register('import-in-the-middle/hook.mjs', import.meta.url, { data: { include } });
    return true;
  } catch {
    return false;
  }
};

/**
 * Patches http and https now instead of when they are first required, and hands the patched functions to ES modules
 * too, also to those that have imported them before.
 *
 * @returns whether `http.request` as an ES module sees it is patched
 */
export const patchHttp = (): boolean => {
  const require = createRequire(import.meta.url);
  require('node:http');
  require('node:https');
  syncBuiltinESMExports();
  return isWrapped(seenByEsModules.request);
};
