import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

/**
 * A new directory on a disk, gone when the process ends.
 * @throws Error where it would lie in memory: what is measured there is not durable.
 */
export const diskDirectory = (parent: string = tmpdir()): string => {
  const { type } = statfsSync(parent);
  if (type === TMPFS || type === RAMFS) {
    throw new Error(`${parent} is in memory: name a directory on a disk with --dir`);
  }
  const directory = mkdtempSync(join(parent, 'whence-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
};
