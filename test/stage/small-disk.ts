import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { takeDown, temporaryDirectory } from './take-down.ts';

/** A disk of its own that can be filled to the last byte. */
export interface SmallDisk {
  readonly path: string;
  /** Takes all space that is left. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
  /** There is no room for a byte more. */
  isFull(): boolean;
}

/**
 * On a full tmpfs files can be made, renamed and removed. On a full btrfs, which writes whatever it changes to another
 * place, they can only be removed. Where a quota is used up there is another error (EDQUOT), and statfs tells of room.
 */
export type FileSystem = 'tmpfs' | 'btrfs' | 'quota on btrfs';

const TMPFS_BYTES = 2 << 20;
/** Data and metadata together, since it is that small. */
const BTRFS_BYTES = 32 << 20;
const QUOTA_BYTES = 20 << 20;
/** Where there is no room for one, there is none for a byte. */
const BLOCK_BYTES = 1 << 12;

/** With the reason where there can be none: mounting needs privileges, btrfs its `mkfs.btrfs` and a loop device. */
export const mountSmallDisk = (fileSystem: FileSystem): { disk: SmallDisk } | { reason: string } => {
  const mounted = MOUNT[fileSystem]();
  if ('reason' in mounted) return mounted;
  const { path } = mounted;
  const ballast = join(path, 'ballast');
  /** @returns how much went onto it. */
  const fillWith = (...sizes: readonly number[]): number => {
    // Where it cannot even be made, the disk is full.
    const file = unlessFull(() => openSync(ballast, 'a'));
    if (file === undefined) return 0;
    const before = fstatSync(file).size;
    try {
      for (const size of sizes) while (unlessFull(() => writeSync(file, Buffer.alloc(size))) !== undefined);
      fsyncSync(file);
      return fstatSync(file).size - before;
    } finally {
      closeSync(file);
    }
  };
  return {
    disk: {
      path,
      isFull: () => fillWith(BLOCK_BYTES) === 0,
      fill: () => fillWith(1 << 16, BLOCK_BYTES),
      // Not made shorter: a full btrfs has no room for that.
      free: () => rmSync(ballast, { force: true }),
    },
  };
};

const FULL = [-constants.errno.ENOSPC, -constants.errno.EDQUOT];

const unlessFull = <Result>(action: () => Result): Result | undefined => {
  try {
    return action();
  } catch (error) {
    if (FULL.includes((error as NodeJS.ErrnoException).errno!)) return undefined;
    throw error;
  }
};

type Mounted = { readonly path: string } | { readonly reason: string };

const mountBtrfs = (): Mounted => {
  const image = join(temporaryDirectory(), 'image');
  writeFileSync(image, '');
  truncateSync(image, BTRFS_BYTES);
  const reason = run('mkfs.btrfs', '-q', '--mixed', image);
  return reason === undefined ? mount('-o', 'loop', image) : { reason };
};

const mountQuota = (): Mounted => {
  const mounted = mountBtrfs();
  if ('reason' in mounted) return mounted;
  const path = join(mounted.path, 'limited');
  const reason =
    run('btrfs', 'quota', 'enable', mounted.path) ??
    run('btrfs', 'subvolume', 'create', path) ??
    run('btrfs', 'qgroup', 'limit', String(QUOTA_BYTES), path);
  return reason === undefined ? { path } : { reason };
};

const MOUNT: Readonly<Record<FileSystem, () => Mounted>> = {
  tmpfs: () => mount('-t', 'tmpfs', '-o', `size=${TMPFS_BYTES}`, 'tmpfs'),
  btrfs: mountBtrfs,
  'quota on btrfs': mountQuota,
};

const mount = (...args: readonly string[]): Mounted => {
  const path = join(temporaryDirectory(), 'disk');
  mkdirSync(path);
  const reason = run('mount', ...args, path);
  if (reason !== undefined) return { reason };
  takeDown(() => run('umount', path));
  return { path };
};

const run = (command: string, ...args: readonly string[]): string | undefined => {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : `${command}: ${error?.message ?? stderr.trim()}`;
};
