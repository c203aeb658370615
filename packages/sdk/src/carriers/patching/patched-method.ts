// biome-ignore lint/suspicious/noExplicitAny: a library's own method
export type Method = (this: any, ...args: any[]) => any;

/** Replaces a method where there is one, once for each `patch`. What cannot be replaced stays as it is. */
export const patchMethod = (owner: object, name: string, patch: (original: Method) => Method): void => {
  const methods = owner as Record<string, unknown>;
  const original = methods[name];
  if (typeof original !== 'function') return;
  try {
    methods[name] = patch(original as Method);
  } catch {}
};
