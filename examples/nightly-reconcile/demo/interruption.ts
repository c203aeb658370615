const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;

/** Resolves at the first Ctrl-C (or the like). At the second the process ends at once; its children see it go. */
export const interruption = (): Promise<void> =>
  new Promise((resolve) => {
    let again = false;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (again) process.exit(INTERRUPTED);
        again = true;
        resolve();
      });
    }
  });
