import { setTimeout as pause } from 'node:timers/promises';

/** Asks again until the answer is yes. @throws Error that names what was waited for */
export const eventually = async (
  what: string,
  ask: () => Promise<boolean>,
  withinMillis = 60_000,
  everyMillis = 20,
): Promise<void> => {
  const deadline = performance.now() + withinMillis;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMillis} ms for ${what}`);
    await pause(everyMillis);
  }
};
