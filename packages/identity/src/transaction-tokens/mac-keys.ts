import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { MacKey } from '@whence/model';
import { bytesOfBase64, type KeyKind, openKeyFile } from './key-file.ts';

/** What signs and checks references. `keys` with a trust domain is the model's `ReferenceTrust`. */
export interface MacKeys {
  /** Signs new references. */
  readonly active: MacKey;
  /** By key id, `active` and the retired ones: references live as long as the records that they are in. */
  readonly keys: ReadonlyMap<string, KeyObject>;
}

const SECRET_BYTES = 32;

const MAC_KEYS: KeyKind<KeyObject> = {
  name: 'mac_keys',
  kid: { pattern: /^[a-z0-9]{1,8}$/, says: 'a key id is 1 to 8 of a-z and 0-9' },
  read: (text) => {
    const bytes = bytesOfBase64(text);
    return bytes?.length === SECRET_BYTES ? createSecretKey(bytes) : undefined;
  },
  says: 'must be 32 bytes in base64',
  fresh: async () => ({ kid: 'k1', text: randomBytes(SECRET_BYTES).toString('base64') }),
};

/**
 * Reads the key file, `{ "active": "k1", "keys": { "k1": "<base64, 32 bytes>" } }`, or creates it with a fresh key, as
 * `openKeyFile` says.
 *
 * @throws CodedError `mac_keys_exposed`, `mac_keys_invalid`, `mac_keys_unavailable`; no message has a secret in it
 */
export const openMacKeys = async (path: string): Promise<MacKeys> => {
  const { active, keys } = await openKeyFile(MAC_KEYS, path);
  return { active: { kid: active, secret: keys.get(active)! }, keys };
};
