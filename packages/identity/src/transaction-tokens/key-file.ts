import { randomBytes } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CodedError } from '@whence/model';
import { z } from 'zod';
import { type IdentityErrorCode, identityError } from '../identity-error.ts';
import { isExposed } from './key-file-access.ts';

/** A kind of secret keys, and how a file writes one. */
export interface KeyKind<Key> {
  /** Its errors are `<name>_exposed`, `<name>_invalid` and `<name>_unavailable`. */
  readonly name: 'mac_keys' | 'token_keys';
  readonly kid: { readonly pattern: RegExp; readonly says: string };
  /** @returns undefined where the text is no such key */
  readonly read: (text: string) => Key | undefined;
  /** What a key looks like, for messages. */
  readonly says: string;
  /** A new key, for a file that is not there yet. */
  readonly fresh: () => Promise<{ readonly kid: string; readonly text: string }>;
}

export interface KeysOfFile<Key> {
  /** The id of the key that signs. */
  readonly active: string;
  /** By key id, the active one and the others. */
  readonly keys: ReadonlyMap<string, Key>;
}

/**
 * Reads a key file, `{ "active": "<kid>", "keys": { "<kid>": "<key>" } }`. Where there is none, creates one with a fresh
 * key: on disk before this resolves, readable by its owner alone. Of several processes that do so at once all end with
 * the same keys.
 *
 * @throws CodedError; no message has a secret in it
 */
export const openKeyFile = async <Key>(kind: KeyKind<Key>, path: string): Promise<KeysOfFile<Key>> => {
  const text = (await readIfThere(kind, path)) ?? (await create(kind, path));
  return parse(kind, text, path);
};

const readIfThere = async (kind: KeyKind<unknown>, path: string): Promise<string | undefined> => {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unavailable(kind, path, error);
  });
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    if (isExposed(stats)) {
      const octal = (stats.mode & 0o777).toString(8).padStart(4, '0');
      throw identityError(
        `${kind.name}_exposed`,
        `${path}: mode ${octal} lets others read or change the keys; make it 0600 (a mounted Kubernetes secret: 0440), and replace the keys if anybody may have read them`,
      );
    }
    return await handle.readFile('utf8').catch((error: Error) => {
      throw unavailable(kind, path, error);
    });
  } finally {
    await handle.close();
  }
};

/** A whole file appears under its name or none does: `link` fails where another process came first. */
const create = async (kind: KeyKind<unknown>, path: string): Promise<string> => {
  const { kid, text: key } = await kind.fresh();
  const text = `${JSON.stringify({ active: kid, keys: { [kid]: key } }, null, 2)}\n`;
  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    await writeDurably(draft, text);
    try {
      await link(draft, path);
    } finally {
      await unlink(draft);
    }
    await syncDirectory(dirname(path));
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unavailable(kind, path, error);
  }
  const theirs = await readIfThere(kind, path);
  if (theirs === undefined) throw unavailable(kind, path, new Error('it appeared and went away again'));
  return theirs;
};

const writeDurably = async (path: string, text: string): Promise<void> => {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const parse = <Key>(kind: KeyKind<Key>, text: string, path: string): KeysOfFile<Key> => {
  const parsed = fileOf(kind).safeParse(jsonIn(kind, text, path));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw identityError(`${kind.name}_invalid`, `${path}: ${faults.join('; ')}`);
  }
  const { active, keys } = parsed.data;
  return { active, keys: new Map(Object.entries(keys).map(([kid, key]) => [kid, kind.read(key)!])) };
};

const fileOf = ({ kid, read, says }: KeyKind<unknown>) =>
  z
    .strictObject({
      active: z.string(),
      keys: z.record(
        z.string().regex(kid.pattern, kid.says),
        z.string().refine((text) => read(text) !== undefined, says),
      ),
    })
    .refine(({ active, keys }) => Object.hasOwn(keys, active), {
      path: ['active'],
      message: 'names no key of the file',
    });

const jsonIn = (kind: KeyKind<unknown>, text: string, path: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw identityError(`${kind.name}_invalid`, `${path}: not JSON`);
  }
};

const unavailable = (kind: KeyKind<unknown>, path: string, cause: unknown): CodedError<IdentityErrorCode> =>
  identityError(
    `${kind.name}_unavailable`,
    `${path}: cannot be read or created: ${(cause as Error).message}`,
    cause,
  );

/** The bytes of a text that is base64 in its one canonical spelling. */
export const bytesOfBase64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};
