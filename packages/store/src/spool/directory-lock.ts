import { linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../store-error.ts';

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

const ATTEMPTS = 20;

/**
 * Takes a directory, creating it where it is missing. The lock of a process that has died is taken over; of several
 * that try at once, one gets it.
 *
 * @throws StoreError `directory_in_use` naming the owner, `directory_unusable` where it cannot be written.
 */
export const lockDirectory = (directory: string, what: string): DirectoryLock => {
  const path = join(directory, LOCK_FILE);
  const own: Owner = { pid: process.pid, startTicks: startTicks(process.pid) ?? '', what };
  const text = JSON.stringify(own);
  try {
    mkdirSync(directory, { recursive: true });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // A stale lock goes before ours is written: on a full disk there is room for one only.
      const found = read(path);
      if (found === undefined) {
        if (create(path, text)) return { release: () => release(path, text) };
        continue;
      }
      const owner = ownerIn(found);
      if (owner !== undefined && isAlive(owner)) {
        throw new StoreError(
          'directory_in_use',
          `${directory} is in use by ${owner.what} (pid ${owner.pid}): stop it, or choose another directory`,
        );
      }
      removeStale(path, found);
    }
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError('directory_unusable', `${directory} cannot be used: ${reason}`, { cause });
  }
  throw new StoreError('directory_in_use', `${directory} is being taken by another process`);
};

/** The lock appears whole under its name, or not at all: nobody ever reads one that is half written. */
const create = (path: string, text: string): boolean => {
  const draft = `${path}.draft.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    remove(draft);
  }
};

/** Removes that very lock: one that another process has put there since is given back. */
const removeStale = (path: string, stale: string): void => {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    if (read(aside) !== stale) linkSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  } finally {
    remove(aside);
  }
};

const release = (path: string, text: string): void => {
  if (read(path) === text) remove(path);
};

/** What cannot be removed does no harm: a lock that is left behind is taken over. */
const remove = (path: string): void => {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or on a disk that takes no changes any more.
  }
};

/** @returns undefined where there is no lock. */
const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
};

const ownerIn = (text: string): Owner | undefined => {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
};

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

const isAlive = (owner: Owner): boolean => {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
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
