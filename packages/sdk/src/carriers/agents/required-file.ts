import { subscribe } from 'node:diagnostics_channel';

/**
 * Calls `patch` with the exports of CommonJS files whose name ends so, each time one is required: Node itself tells of
 * it. For files of packages without a main file, which require-in-the-middle passes over.
 */
export const onRequiredFile = (ending: string, patch: (exports: unknown) => void): void => {
  subscribe('tracing:module.require:end', (message) => {
    const { id, result } = message as { readonly id?: unknown; readonly result?: unknown };
    if (typeof id === 'string' && id.endsWith(ending) && typeof result === 'object' && result !== null) {
      patch(result);
    }
  });
};
