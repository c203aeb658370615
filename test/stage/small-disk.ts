import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { takeDown, temporaryDirectory } from './take-down.ts';

/** A disk of its own that can be filled to the last byte. */
export interface SmallDisk {
  readonly path: string;
  /** Takes all space that is left. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
  freeBytes(): number;
}

/** Why there is none: mounting needs privileges. Undefined where it can be done. */
export const noSmallDisk = (): string | undefined => {
  const path = temporaryDirectory();
  const { status, stderr, error } = mount(path, 1 << 20);
  if (status !== 0) return `a tmpfs cannot be mounted here: ${error?.message ?? stderr.trim()}`;
  spawnSync('umount', [path]);
  return undefined;
};

export const mountSmallDisk = (bytes: number): SmallDisk => {
  const path = temporaryDirectory();
  const { status, stderr } = mount(path, bytes);
  if (status !== 0) throw new Error(stderr);
  takeDown(() => spawnSync('umount', [path]));
  const ballast = join(path, 'ballast');
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  return {
    path,
    freeBytes,
    fill: () => {
      const file = openSync(ballast, 'a');
      try {
        for (let size = 1 << 16; size >= 1; size = freeBytes() === 0 ? 0 : size >> 1) {
          try {
            for (;;) writeSync(file, Buffer.alloc(size));
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          }
        }
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast),
  };
};

const mount = (path: string, bytes: number) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { encoding: 'utf8' });
