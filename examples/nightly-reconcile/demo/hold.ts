/**
 * Starts something that has to be ended again. Whatever happens meanwhile, what `start` brings up is released when the
 * stack is, and where the stack already was, nothing is started.
 */
export const hold = <Held>(
  stack: AsyncDisposableStack,
  start: () => Promise<Held>,
  release: (held: Held) => Promise<void>,
): Promise<Held> => {
  const starting = Promise.withResolvers<Held>();
  starting.promise.catch(() => {});
  stack.defer(async () => {
    const outcome = await starting.promise.then(
      (held) => ({ held }),
      () => undefined,
    );
    if (outcome !== undefined) await release(outcome.held);
  });
  start().then(starting.resolve, starting.reject);
  return starting.promise;
};
