import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { link, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CodedError, MacKey } from '@whence/model';
import { z } from 'zod';
import { type IdentityErrorCode, identityError } from './identity-error.ts';

/** What signs and checks references. `keys` with a trust domain is the model's `ReferenceTrust`. */
export interface MacKeys {
  /** Signs new references. */
  readonly active: MacKey;
  /** By key id, `active` and the retired ones: references live as long as the records that they are in. */
  readonly keys: ReadonlyMap<string, KeyObject>;
}

const SECRET_BYTES = 32;
const FIRST_KID = 'k1';

const file = z
  .strictObject({
    active: z.string(),
    keys: z.record(
      z.string().regex(/^[a-z0-9]{1,8}$/, 'a key id is 1 to 8 of a-z and 0-9'),
      z
        .string()
        .refine(
          (text) =>
            Buffer.from(text, 'base64').length === SECRET_BYTES &&
            Buffer.from(text, 'base64').toString('base64') === text,
          'must be 32 bytes in base64',
        ),
    ),
  })
  .refine(({ active, keys }) => Object.hasOwn(keys, active), {
    path: ['active'],
    message: 'names no key of the file',
  });

/**
 * Reads the key file, `{ "active": "k1", "keys": { "k1": "<base64, 32 bytes>" } }`. Where there is none, creates one
 * with a fresh key: on disk before this resolves, readable by its owner alone. Of several processes that do so at
 * once all end with the same keys.
 *
 * @throws CodedError `mac_keys_exposed`, `mac_keys_invalid`, `mac_keys_unavailable`; no message has a secret in it
 */
export const openMacKeys = async (path: string): Promise<MacKeys> => {
  const text = (await readIfThere(path)) ?? (await create(path));
  return parse(text, path);
};

const readIfThere = async (path: string): Promise<string | undefined> => {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unavailable(path, error);
  });
  if (handle === undefined) return undefined;
  try {
    const { mode } = await handle.stat();
    if ((mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      throw identityError(
        'mac_keys_exposed',
        `${path}: mode ${octal} lets others read the keys that prove every run; make it 0600 (chmod 600), and replace the keys if anybody may have read them`,
      );
    }
    return await handle.readFile('utf8').catch((error: Error) => {
      throw unavailable(path, error);
    });
  } finally {
    await handle.close();
  }
};

/** A whole file appears under its name or none does: `link` fails where another process came first. */
const create = async (path: string): Promise<string> => {
  const secret = randomBytes(SECRET_BYTES).toString('base64');
  const text = `${JSON.stringify({ active: FIRST_KID, keys: { [FIRST_KID]: secret } }, null, 2)}\n`;
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
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unavailable(path, error);
  }
  const theirs = await readIfThere(path);
  if (theirs === undefined) throw unavailable(path, new Error('it appeared and went away again'));
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

const parse = (text: string, path: string): MacKeys => {
  const parsed = file.safeParse(jsonIn(text, path));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw identityError('mac_keys_invalid', `${path}: ${faults.join('; ')}`);
  }
  const { active, keys: secrets } = parsed.data;
  const keys = new Map(
    Object.entries(secrets).map(([kid, secret]) => [kid, createSecretKey(Buffer.from(secret, 'base64'))]),
  );
  return { active: { kid: active, secret: keys.get(active)! }, keys };
};

const jsonIn = (text: string, path: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw identityError('mac_keys_invalid', `${path}: not JSON`);
  }
};

const unavailable = (path: string, cause: unknown): CodedError<IdentityErrorCode> =>
  identityError(
    'mac_keys_unavailable',
    `${path}: cannot be read or created: ${(cause as Error).message}`,
    cause,
  );
