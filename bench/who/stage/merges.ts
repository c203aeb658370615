import { setTimeout as pause } from 'node:timers/promises';
import type { Engine } from './engine.ts';

const LOOK_MILLIS = 1_000;
const QUIET_LOOKS = 5;
const PATIENCE_MILLIS = 20 * 60_000;

/**
 * Waits until the engine has merged what it means to merge: what it does by itself, no more.
 * @returns whether it came to rest in time
 */
export const settled = async (engine: Engine): Promise<boolean> => {
  const deadline = performance.now() + PATIENCE_MILLIS;
  let quiet = 0;
  while (quiet < QUIET_LOOKS) {
    if (performance.now() > deadline) return false;
    const [running] = await engine.rows<{ readonly merges: number }>(
      'SELECT toUInt32(count()) AS merges FROM system.merges',
    );
    quiet = running?.merges === 0 ? quiet + 1 : 0;
    await pause(LOOK_MILLIS);
  }
  return true;
};
