/** Resolves when `work` settles, or after `millis`. Keeps the process alive no longer than `work` does. */
export const within = (millis: number, work: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, millis);
    const settled = (): void => {
      clearTimeout(timer);
      resolve();
    };
    work.then(settled, settled);
  });
