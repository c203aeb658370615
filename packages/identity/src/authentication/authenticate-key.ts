import { timingSafeEqual } from 'node:crypto';
import { hashOfKey, idInKey } from '../credentials/credential-key.ts';
import type { CredentialSet } from '../credentials/credentials.ts';
import type { Authentication } from './authentication.ts';

/** No text has this hash: unknown ids are compared with it, so that they take as long as a wrong secret. */
const NOBODY = Buffer.alloc(32);

/** @param text `whk_…`, or anything else */
export const authenticateKey = (set: CredentialSet, text: string): Authentication => {
  const id = idInKey(text) ?? '';
  const credential = set.credentials.get(id);
  const same = timingSafeEqual(hashOfKey(text), set.hashes.get(id) ?? NOBODY);
  return same && credential !== undefined ? { status: 'authenticated', credential } : { status: 'unknown' };
};
