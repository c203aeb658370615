interface FileAccess {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const GROUP_READS = 0o040;
/** Everything for others, and all but reading for the group. */
const NEVER = 0o037;

/**
 * Whether somebody besides this process and root may read or change a file of secret keys. A group may read it where
 * the file is root's or the group is one that this process is in: so Kubernetes mounts a secret for a pod with an
 * `fsGroup` (root's, 0440).
 */
export const isExposed = ({ mode, uid, gid }: FileAccess, groups: readonly number[] = ownGroups()): boolean =>
  (mode & NEVER) !== 0 || ((mode & GROUP_READS) !== 0 && uid !== 0 && !groups.includes(gid));

const ownGroups = (): readonly number[] => {
  const primary = process.getegid?.();
  return [...(primary === undefined ? [] : [primary]), ...(process.getgroups?.() ?? [])];
};
