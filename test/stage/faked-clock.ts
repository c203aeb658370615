import { spawnSync } from 'node:child_process';
import { globSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './take-down.ts';

/** The time of day as a process sees it. What measures durations (CLOCK_MONOTONIC) is left alone. */
export interface FakedClock {
  /** For the process that shall see it. */
  readonly environment: NodeJS.ProcessEnv;
  /** From now on its clock is this many days ahead of the true one; behind it, where negative. */
  setAhead(days: number): void;
}

/** Debian's package libfaketime. */
const LIBRARY = globSync('/usr/lib{,64}/{,*/}faketime/libfaketime.so.1')[0];

export const newFakedClock = (): FakedClock => {
  const path = join(temporaryDirectory(), 'ahead');
  const setAhead = (days: number): void => {
    // Read at each look at the clock, so it is never half written.
    writeFileSync(`${path}.new`, `${days < 0 ? '' : '+'}${days}d`);
    renameSync(`${path}.new`, path);
  };
  setAhead(0);
  return {
    environment: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: path,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DISABLE_SHM: '1',
      NO_FAKE_STAT: '1',
    },
    setAhead,
  };
};

/** Why no process can be shown another time here; undefined where it can. */
export const noFakedClock = (): string | undefined => {
  if (LIBRARY === undefined) return 'libfaketime is not installed';
  const clock = newFakedClock();
  clock.setAhead(1);
  const { stdout } = spawnSync(process.execPath, ['-p', 'Date.now()'], {
    env: { ...process.env, ...clock.environment },
    encoding: 'utf8',
  });
  return Math.round((Number(stdout) - Date.now()) / 3_600_000) === 24
    ? undefined
    : 'libfaketime has no effect on node here';
};
