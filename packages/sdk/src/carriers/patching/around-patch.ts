/** A module, or a file of it, as an official instrumentation patches it. */
export interface Patched {
  patch?: ((exported: never, version?: string) => unknown) | undefined;
}

/** Patches of ours `below` and `above` the official one: nearer to the library, and nearer to the caller. */
export interface OwnPatches<T extends object> {
  /** What is patched, of what the module exports; undefined where that is not as expected. */
  readonly find: (exported: unknown) => T | undefined;
  readonly below?: (found: T) => void;
  readonly above?: (found: T) => void;
}

/** Adds them, for each thing found once: a class is seen as a file and as an export, by `require` and by `import`. */
export const aroundPatch = <T extends object>(patched: Patched, own: OwnPatches<T>): void => {
  const official = patched.patch as ((exported: unknown, version?: string) => unknown) | undefined;
  patched.patch = (exported: unknown, version?: string) => {
    const found = own.find(exported);
    if (found === undefined) return official?.(exported, version) ?? exported;
    if (seen.has(found)) return exported;
    seen.add(found);
    own.below?.(found);
    const result = official?.(exported, version) ?? exported;
    own.above?.(found);
    return result;
  };
};

const seen = new WeakSet<object>();

/** What CommonJS exports, also where it is seen as an ES module. */
export const commonJsOf = (exported: unknown): unknown => {
  const module = exported as { default?: unknown; [Symbol.toStringTag]?: string } | undefined;
  return module?.[Symbol.toStringTag] === 'Module' ? module.default : module;
};
