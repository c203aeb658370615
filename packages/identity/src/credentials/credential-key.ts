import { hash, randomBytes } from 'node:crypto';

/**
 * The text that a workload presents: `whk_<id>_<secret>`, the secret being 32 random bytes in base64url. Only the
 * SHA-256 of the whole text is ever stored: with 256 random bits there is nothing to guess, so no slow hash is needed.
 */
const SECRET_BYTES = 32;
const KEY = /^whk_([a-z0-9-]{1,40})_[A-Za-z0-9_-]{43}$/;
const KEY_ANYWHERE = /whk_[A-Za-z0-9_-]+/g;

export const CREDENTIAL_ID = /^[a-z0-9-]{1,40}$/;
export const KEY_HASH = /^sha256:[0-9a-f]{64}$/;

/** @throws RangeError where the id is not 1 to 40 of `a-z`, `0-9`, `-`. */
export const newKey = (id: string): { readonly key: string; readonly hash: string } => {
  if (!CREDENTIAL_ID.test(id)) throw new RangeError('a credential id is 1 to 40 of a-z, 0-9 and -');
  const key = `whk_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { key, hash: `sha256:${hashOfKey(key).toString('hex')}` };
};

export const hashOfKey = (text: string): Buffer => hash('sha256', text, 'buffer');

/** The credential that a key text names, or undefined where the text is no key. */
export const idInKey = (text: string): string | undefined => KEY.exec(text)?.[1];

/** For texts on their way into a message or a log. */
export const withoutKeys = (text: string): string => text.replace(KEY_ANYWHERE, 'whk_…');
