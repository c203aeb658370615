/** Resolves at the first SIGINT, SIGTERM or SIGHUP. A second one ends the process at once, as without us. */
export const interrupted = (): Promise<undefined> =>
  new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    const stop = (): void => {
      for (const signal of signals) process.removeListener(signal, stop);
      resolve(undefined);
    };
    for (const signal of signals) process.on(signal, stop);
  });
