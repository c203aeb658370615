import { timingSafeEqual } from 'node:crypto';
import { hashOfKey, idInKey } from './credential-key.ts';
import type { Credential, CredentialSet } from './credentials.ts';

export type Authentication =
  | { readonly status: 'authenticated'; readonly credential: Credential }
  /** No `Authorization` header, or an empty one. */
  | { readonly status: 'missing' }
  /** A header that proves nothing: another scheme, no key, an unknown id, a wrong secret. Which one is not said. */
  | { readonly status: 'unknown' };

const BEARER = /^bearer +(\S+)$/i;
/** No text has this hash: unknown ids are compared with it, so that they take as long as a wrong secret. */
const NOBODY = Buffer.alloc(32);

/** @param authorizationHeader `Bearer whk_…` */
export const authenticate = (set: CredentialSet, authorizationHeader: string | undefined): Authentication => {
  const header = authorizationHeader?.trim() ?? '';
  if (header === '') return { status: 'missing' };
  const text = BEARER.exec(header)?.[1] ?? '';
  const id = idInKey(text) ?? '';
  const credential = set.credentials.get(id);
  const same = timingSafeEqual(hashOfKey(text), set.hashes.get(id) ?? NOBODY);
  return same && credential !== undefined ? { status: 'authenticated', credential } : { status: 'unknown' };
};
