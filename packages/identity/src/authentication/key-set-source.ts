import { readFile } from 'node:fs/promises';
import type { JSONWebKeySet, JWK } from 'jose';
import { getText } from './get-text.ts';
import type { KeyPlace } from './token-issuer.ts';

const MAX_BYTES = 512 * 1024;
const TIMEOUT_MILLIS = 5_000;

/**
 * The public keys that an issuer signs with, as published now.
 *
 * @throws Error that says what is wrong: it cannot be had, or holds no key that could be used
 */
export const publishedKeys = async (issuer: string, place: KeyPlace): Promise<JSONWebKeySet> => {
  if (place.kind === 'file') return keySetIn(await readFile(place.path, 'utf8'));
  const { caPath, bearerPath } = place.access;
  const ca = caPath === undefined ? undefined : await readFile(caPath, 'utf8');
  const bearer = bearerPath === undefined ? undefined : (await readFile(bearerPath, 'utf8')).trim();
  // The token goes to the configured origin only.
  const { origin } = new URL(place.url);
  const get = (url: string): Promise<string> =>
    getText(url, {
      timeoutMillis: TIMEOUT_MILLIS,
      maxBytes: MAX_BYTES,
      ...(ca === undefined ? {} : { ca }),
      ...(bearer === undefined || new URL(url).origin !== origin ? {} : { bearer }),
    });
  const answer = await get(place.url);
  if (place.kind === 'jwks') return keySetIn(answer);
  return keySetIn(await get(jwksUrlIn(answer, issuer, place.url)));
};

/** OpenID Connect Discovery: the metadata must be of this very issuer. */
const jwksUrlIn = (text: string, issuer: string, from: string): string => {
  const { issuer: theirs, jwks_uri: url } = objectIn(text, 'metadata');
  if (theirs !== issuer) throw new Error('the metadata is of another issuer');
  if (typeof url !== 'string' || !URL.canParse(url)) throw new Error('the metadata names no jwks_uri');
  const { protocol, origin } = new URL(url);
  if (protocol !== 'https:' && origin !== new URL(from).origin)
    throw new Error('the jwks_uri is no https address');
  return url;
};

const PUBLIC_MEMBERS = ['kty', 'kid', 'alg', 'use', 'key_ops', 'n', 'e', 'crv', 'x', 'y'] as const;

const keySetIn = (text: string): JSONWebKeySet => {
  const { keys } = objectIn(text, 'key set');
  if (!Array.isArray(keys)) throw new Error('the key set has no keys');
  const usable = keys.flatMap(verifyingKey);
  // The same key twice is one key; two keys of one name stay two, and neither counts.
  const distinct = new Map(usable.map((key) => [JSON.stringify(key), key]));
  if (distinct.size === 0) throw new Error('the key set has no key that can check a signature');
  return { keys: [...distinct.values()] };
};

/** Its public part. A key that is secret, or whose secret part is published, proves nothing. */
const verifyingKey = (key: unknown): JWK[] => {
  if (typeof key !== 'object' || key === null) return [];
  const found = key as Readonly<Record<string, unknown>>;
  if (!['RSA', 'EC', 'OKP'].includes(found['kty'] as string) || 'd' in found) return [];
  // SPIFFE bundles say what kind of document a key signs.
  const use = found['use'] === 'jwt-svid' ? 'sig' : found['use'];
  if (use !== undefined && use !== 'sig') return [];
  const members = PUBLIC_MEMBERS.filter((name) => found[name] !== undefined);
  return [
    Object.fromEntries(members.map((name) => [name, name === 'use' ? use : found[name]])) as unknown as JWK,
  ];
};

const objectIn = (text: string, what: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // What it is instead is not repeated.
  }
  throw new Error(`the ${what} is no JSON object`);
};
