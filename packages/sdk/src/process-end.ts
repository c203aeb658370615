import type { Pipeline } from './pipeline.ts';

const LAST_FLUSH_MILLIS = 3000;

/** Exports what is held when the process has nothing left to do, and says what was lost when it ends. */
export const flushAtEnd = (pipeline: Pipeline): void => {
  process.on('beforeExit', () => {
    if (pipeline.held() === 0) return;
    pipeline.giveUp();
    void pipeline.flush(LAST_FLUSH_MILLIS);
  });
  process.on('exit', () => pipeline.tellLosses());
};

/**
 * A signal that nobody else handles ends the process as it would have, after what is held has been exported (3 s at
 * most; at once on a second signal). Where the host has a handler of its own, the end is the host's.
 */
export const flushOnSignals = (pipeline: Pipeline): void => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const onSignal = (): void => {
      const alone = process.listenerCount(signal) === 1;
      const ending = pipeline.flush(LAST_FLUSH_MILLIS);
      if (!alone) return;
      process.off(signal, onSignal);
      void ending.then(() => {
        pipeline.tellLosses();
        process.kill(process.pid, signal);
      });
    };
    process.on(signal, onSignal);
  }
};

/** An error that nobody catches ends the process as it would have, after what is held has been exported. */
export const flushOnUncaught = (pipeline: Pipeline): void => {
  const onUncaught = (error: unknown): void => {
    if (process.listenerCount('uncaughtException') > 1) return;
    void pipeline.flush(LAST_FLUSH_MILLIS).then(() => {
      process.off('uncaughtException', onUncaught);
      setImmediate(() => {
        throw error;
      });
    });
  };
  process.on('uncaughtException', onUncaught);
};
