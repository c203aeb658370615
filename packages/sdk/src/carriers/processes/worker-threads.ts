import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
import { startingThread } from './thread-parent.ts';

/**
 * Makes the active span and run the parent of what a worker thread does of its own accord. Nothing that the caller
 * passes is touched.
 *
 * @returns whether worker threads are traced
 */
export const traceWorkerThreads = (): boolean => {
  const { Worker } = threads;
  if (typeof Worker !== 'function') return false;
  threads.Worker = new Proxy(Worker, {
    construct: (target, args, newTarget) =>
      startingThread(() => Reflect.construct(target, args, newTarget) as object),
  });
  syncBuiltinESMExports();
  return true;
};
