import { execFileSync } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import type { Engine } from './engine.ts';

const DROP_CACHES = '/proc/sys/vm/drop_caches';

const ENGINE_CACHES = [
  ...[
    'MARK CACHE',
    'PRIMARY INDEX CACHE',
    'INDEX MARK CACHE',
    'INDEX UNCOMPRESSED CACHE',
    'UNCOMPRESSED CACHE',
  ],
  ...['MMAP CACHE', 'QUERY CONDITION CACHE', 'QUERY CACHE'],
];

/** Whether files can be made to come from the disk again: Linux, as root. */
export const canDropFiles = (): boolean => {
  try {
    accessSync(DROP_CACHES, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

/** What was written lies on the disk: what does not, cannot be dropped. Takes as long as the disk needs. */
export const writeOut = (): void => {
  if (canDropFiles()) execFileSync('sync');
};

/** The engine knows nothing any more of what it read, nor, where `canDropFiles()`, does the system. */
export const dropCaches = async (engine: Engine): Promise<void> => {
  for (const cache of ENGINE_CACHES) await engine.run(`SYSTEM DROP ${cache}`);
  if (canDropFiles()) writeFileSync(DROP_CACHES, '3');
};
