import type { Logger } from 'pino';

/** Work that goes on until it is stopped. */
export interface KeptDoing {
  /** Lets the turn under way come to a halt, and resolves when it has. Never rejects. */
  stop(): Promise<void>;
}

export interface Chore {
  /** As the log names it. */
  readonly name: string;
  /** @returns after how many milliseconds it is its turn again. */
  turn(isStopped: () => boolean): Promise<number>;
  failed?(): void;
}

/** Longest between two attempts while the store does not answer. */
const RETRY_MAX_MILLIS = 60_000;

/** Turn after turn, from now on. What failed is tried again, ever more seldom, and told once. */
export const keepDoing = (
  chore: Chore,
  { logger, intervalMillis }: { readonly logger: Logger; readonly intervalMillis: number },
): KeptDoing => {
  let stopped = false;
  let wake: (() => void) | undefined;

  const pause = (millis: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, millis);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!stopped) {
      try {
        const millis = await chore.turn(() => stopped);
        if (failures > 0) logger.info(`${chore.name} goes on`);
        failures = 0;
        if (!stopped) await pause(millis);
      } catch (error) {
        chore.failed?.();
        failures += 1;
        if (failures === 1) logger.warn({ err: error }, `${chore.name} has stopped: it will be tried again`);
        if (!stopped) await pause(Math.min(intervalMillis * 2 ** failures, RETRY_MAX_MILLIS));
      }
    }
  };
  const running = run();

  return {
    stop: () => {
      stopped = true;
      wake?.();
      return running;
    },
  };
};
