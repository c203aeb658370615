import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { bytesOfBase64, type KeyKind, openKeyFile } from './key-file.ts';

/** What signs Transaction Tokens, and what anybody needs to check them. */
export interface TokenKeys {
  /** Signs new tokens. */
  readonly active: TokenKey;
  /** Public, by key id: `active`, the ones to come, and the ones of which tokens may still be about. */
  readonly keys: ReadonlyMap<string, KeyObject>;
}

/** An Ed25519 key pair by its id. */
export interface TokenKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** A JSON Web Key Set (RFC 7517), public keys alone. */
export interface TokenKeySet {
  readonly keys: readonly Readonly<Record<string, string>>[];
}

const TOKEN_KEYS: KeyKind<KeyObject> = {
  name: 'token_keys',
  kid: { pattern: /^[A-Za-z0-9_-]{1,64}$/, says: 'a key id is 1 to 64 of A-Z, a-z, 0-9, _ and -' },
  read: (text) => privateKeyIn(text),
  says: 'must be an Ed25519 private key: PKCS #8, DER, in base64',
  // Named by what it is (RFC 7638): a verifier that remembers keys never takes one for another.
  fresh: async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    return {
      kid: await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as { kty: string }),
      text: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    };
  },
};

/**
 * Reads the key file, `{ "active": "<kid>", "keys": { "<kid>": "<base64, PKCS #8>" } }`, or creates it with a fresh key
 * pair, as `openKeyFile` says.
 *
 * @throws CodedError `token_keys_exposed`, `token_keys_invalid`, `token_keys_unavailable`; no message has a secret in it
 */
export const openTokenKeys = async (path: string): Promise<TokenKeys> => {
  const { active, keys } = await openKeyFile(TOKEN_KEYS, path);
  return {
    active: { kid: active, privateKey: keys.get(active)! },
    keys: new Map([...keys].map(([kid, privateKey]) => [kid, createPublicKey(privateKey)])),
  };
};

/** What is published for everybody. */
export const tokenKeySetOf = ({ keys }: Pick<TokenKeys, 'keys'>): TokenKeySet => ({
  keys: [...keys].map(([kid, key]) => {
    const { kty, crv, x } = key.export({ format: 'jwk' });
    return { kty: kty!, crv: crv!, x: x!, kid, alg: 'EdDSA', use: 'sig' };
  }),
});

const privateKeyIn = (text: string): KeyObject | undefined => {
  const key = bytesOfBase64(text);
  if (key === undefined) return undefined;
  try {
    const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    return privateKey.asymmetricKeyType === 'ed25519' ? privateKey : undefined;
  } catch {
    return undefined;
  }
};
