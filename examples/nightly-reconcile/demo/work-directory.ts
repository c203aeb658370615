import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface WorkDirectory {
  readonly path: string;
  /** Removes it and all that is in it. */
  remove(): Promise<void>;
}

const PREFIX = 'whence-demo-';
/** A socket in the directory, on which its demo listens as long as it lives: process ids are used again, and differ between containers. */
const LIFE_SIGN = 'alive';
/** Younger ones may not have begun to listen. */
const LEFT_BEHIND_MILLIS = 60_000;

/** A new directory for one demo. Those of demos that were killed are removed. */
export const createWorkDirectory = async (): Promise<WorkDirectory> => {
  await removeLeftBehind();
  const path = await mkdtemp(join(tmpdir(), PREFIX));
  // PostgreSQL, another user where we are root, must get through to its own part.
  await chmod(path, 0o711);
  const lifeSign = createServer((socket) => socket.destroy()).unref();
  await new Promise<void>((resolve, reject) => {
    lifeSign.once('error', reject).listen(join(path, LIFE_SIGN), resolve);
  });
  return {
    path,
    remove: async () => {
      lifeSign.close();
      await removeAll(path);
    },
  };
};

const removeLeftBehind = async (): Promise<void> => {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  for (const path of names.map((name) => join(tmpdir(), name))) {
    if (await isLeftBehind(path)) await removeAll(path).catch(() => {});
  }
};

const isLeftBehind = async (path: string): Promise<boolean> => {
  const { mtimeMs, uid } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY, uid: -1 }));
  if (uid !== process.getuid?.() || Date.now() - mtimeMs < LEFT_BEHIND_MILLIS) return false;
  return new Promise((resolve) => {
    const socket = connect(join(path, LIFE_SIGN));
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
    socket.once('connect', () => socket.destroy());
  });
};

const removeAll = (path: string): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5 });
