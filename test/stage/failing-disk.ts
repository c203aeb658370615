import { spawnSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeDown, temporaryDirectory } from './take-down.ts';

/** A file system of its own (ext4) that fails while it is in use. */
export interface FailingDisk {
  readonly path: string;
  /** As after a fault of the device: from now on every write fails with EROFS, also to files that are open. */
  turnReadOnly(): void;
  /** As when the power goes: what was not synced is gone, and from now on everything fails. */
  cutPower(): void;
  /** Unmounts it, and mounts it again for writing, after its journal was replayed. No file may be open. */
  repair(): void;
}

const DISK_BYTES = 64 << 20;

const run = (command: string, ...args: readonly string[]): string | undefined => {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : `${command}: ${error?.message ?? stderr.trim()}`;
};

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: neither data nor journal are written from here on. */
const SHUT_DOWN =
  'open(F, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl(F, 0x8004587d, $how) or die $!';

/** With the reason where there can be none: it needs `mkfs.ext4`, loop devices and the right to mount. */
export const mountFailingDisk = (): { disk: FailingDisk } | { reason: string } => {
  const folder = temporaryDirectory();
  const image = join(folder, 'image');
  const path = join(folder, 'disk');
  writeFileSync(image, '');
  truncateSync(image, DISK_BYTES);
  mkdirSync(path);
  const mount = (): string | undefined => run('mount', '-o', 'loop', image, path);
  const reason = run('mkfs.ext4', '-q', image) ?? mount();
  if (reason !== undefined) return { reason };
  takeDown(() => run('umount', path));
  const demand = (fault: string | undefined): void => {
    if (fault !== undefined) throw new Error(fault);
  };
  return {
    disk: {
      path,
      // "remount,ro" is refused while a file is open for writing; this is what ext4 does when its journal fails.
      turnReadOnly: () => demand(run('mount', '-o', 'remount,abort', path)),
      cutPower: () => demand(run('perl', '-e', SHUT_DOWN, path)),
      repair: () => {
        demand(run('umount', path));
        run('fsck.ext4', '-p', image);
        demand(mount());
      },
    },
  };
};
