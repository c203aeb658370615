import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CollectorError } from '../collector-error.ts';

const LOCK_FILE = 'owner.lock';

/** One process owns a directory; who does is written in it. */
export interface DirectoryLock {
  release(): void;
}

interface Owner {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot: a pid that was given to another process is told apart. */
  readonly startTicks: string;
  readonly what: string;
}

/**
 * Takes a directory, creating it where it is missing. The lock of a process that has died is taken over.
 *
 * @throws CollectorError `directory_in_use` naming the owner, `directory_unusable` where it cannot be written.
 */
export const lockDirectory = (directory: string, what: string): DirectoryLock => {
  const path = join(directory, LOCK_FILE);
  try {
    mkdirSync(directory, { recursive: true });
    for (let attempt = 0; attempt < 3; attempt++) {
      if (create(path, what)) return { release: () => rmSync(path, { force: true }) };
      const owner = read(path);
      if (owner !== undefined && isAlive(owner)) {
        throw new CollectorError(
          'directory_in_use',
          `${directory} is in use by ${owner.what} (pid ${owner.pid}): stop it, or choose another directory`,
        );
      }
      rmSync(path, { force: true });
    }
  } catch (cause) {
    if (cause instanceof CollectorError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CollectorError('directory_unusable', `${directory} cannot be used: ${reason}`, { cause });
  }
  throw new CollectorError('directory_in_use', `${directory} is being taken by another process`);
};

const create = (path: string, what: string): boolean => {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  const owner: Owner = { pid: process.pid, startTicks: startTicks(process.pid) ?? '', what };
  writeSync(file, JSON.stringify(owner));
  closeSync(file);
  return true;
};

const read = (path: string): Owner | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
};

const isAlive = (owner: Owner): boolean => {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const ticks = startTicks(owner.pid);
  return ticks === undefined || owner.startTicks === '' || ticks === owner.startTicks;
};

/** Field 22 of /proc/PID/stat (proc(5)); undefined where the system has none. */
const startTicks = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};
