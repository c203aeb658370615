import { subscribe } from 'node:diagnostics_channel';

/**
 * Calls `patch` with the exports of CommonJS files whose name ends so, each time one is required: Node itself tells of
 * it. For files of packages without a main file, which require-in-the-middle passes over. Files of other packages may be
 * named so too: `patch` looks for what it knows. What it throws goes nowhere: Node would end the process with it.
 */
export const onRequiredFile = (ending: string, patch: (exports: unknown) => void): void => {
  subscribe('tracing:module.require:end', (message) => {
    const { id, result } = message as { readonly id?: unknown; readonly result?: unknown };
    if (typeof id !== 'string' || !id.endsWith(ending) || typeof result !== 'object' || result === null)
      return;
    try {
      patch(result);
    } catch {}
  });
};
