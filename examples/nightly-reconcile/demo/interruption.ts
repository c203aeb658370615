const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;
/** One Ctrl-C in a terminal comes twice under `npm run`: from the terminal, and from npm. */
const SAME_MILLIS = 1_000;

/** Resolves at the first Ctrl-C (or the like). At another the process ends at once; its children see it go. */
export const interruption = (): Promise<void> =>
  new Promise((resolve) => {
    let first: number | undefined;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        first ??= performance.now();
        if (performance.now() - first > SAME_MILLIS) process.exit(INTERRUPTED);
        resolve();
      });
    }
  });
