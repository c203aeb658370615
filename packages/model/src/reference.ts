import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { RUN_ID_BYTES, runIdFromBytes, runIdToBytes } from './run-id.ts';

/**
 * The reference: the `whence` member of W3C `tracestate`, at most 48 characters.
 *
 *     whence=<run>.<kid>.<mac>     run: UUIDv7, base64url, 22 characters    kid: 1 to 8 of [a-z0-9]
 *     whence=<run>                 mac: 12 bytes, base64url, 16 characters
 *
 * Without a MAC it only asserts. One text per reference: any other spelling of the same bytes is malformed.
 */
export interface Reference {
  readonly runId: string;
  readonly proof?: { readonly kid: string; readonly mac: string };
}

export const REFERENCE_KEY = 'whence';
export const MAC_BYTES = 12;

const MAC_LABEL = 'whence run reference v1';
const REFERENCE = /^([A-Za-z0-9_-]{22})(?:\.([a-z0-9]{1,8})\.([A-Za-z0-9_-]{16}))?$/;

export type ParsedReference =
  | { readonly status: 'parsed'; readonly reference: Reference }
  | { readonly status: 'malformed' };

export const parseReference = (text: string): ParsedReference => {
  const match = REFERENCE.exec(text);
  if (match === null) return { status: 'malformed' };
  const [, run, kid, mac] = match;
  const bytes = Buffer.from(run!, 'base64url');
  if (bytes.toString('base64url') !== run || bytes[6]! >> 4 !== 7 || bytes[8]! >> 6 !== 2) {
    return { status: 'malformed' };
  }
  const runId = runIdFromBytes(bytes);
  return {
    status: 'parsed',
    reference: kid === undefined ? { runId } : { runId, proof: { kid, mac: mac! } },
  };
};

export const formatReference = ({ runId, proof }: Reference): string => {
  const run = Buffer.from(runIdToBytes(runId)).toString('base64url');
  return proof === undefined ? run : `${run}.${proof.kid}.${proof.mac}`;
};

/** A MAC key (at least 16 bytes) by its id. Only the issuer, collectors and gateways hold it. */
export interface MacKey {
  readonly kid: string;
  readonly secret: KeyObject;
}

/** First 12 bytes of HMAC-SHA256(secret, label ‖ 00 ‖ trust domain ‖ 00 ‖ run id), base64url (RFC 2104). */
export const referenceMac = (secret: KeyObject, trustDomain: string, runId: string): string =>
  macBytes(secret, trustDomain, runId).toString('base64url');

export const signReference = (key: MacKey, trustDomain: string, runId: string): Reference => ({
  runId,
  proof: { kid: key.kid, mac: referenceMac(key.secret, trustDomain, runId) },
});

export type ReferenceVerdict =
  | { readonly assurance: 'verified' | 'asserted' }
  | { readonly assurance: 'refuted'; readonly reason: 'unknown_kid' | 'bad_mac' };

/** The keys and the trust domain against which references are checked. */
export interface ReferenceTrust {
  readonly trustDomain: string;
  readonly keys: ReadonlyMap<string, KeyObject>;
}

/** Constant time in the MAC. */
export const verifyReference = ({ runId, proof }: Reference, trust: ReferenceTrust): ReferenceVerdict => {
  if (proof === undefined) return { assurance: 'asserted' };
  const secret = trust.keys.get(proof.kid);
  if (secret === undefined) return { assurance: 'refuted', reason: 'unknown_kid' };
  const expected = macBytes(secret, trust.trustDomain, runId);
  return timingSafeEqual(expected, Buffer.from(proof.mac, 'base64url'))
    ? { assurance: 'verified' }
    : { assurance: 'refuted', reason: 'bad_mac' };
};

const macBytes = (secret: KeyObject, trustDomain: string, runId: string): Buffer => {
  const id = runIdToBytes(runId);
  if (id.length !== RUN_ID_BYTES) throw new RangeError(`run id has ${id.length} bytes, not ${RUN_ID_BYTES}`);
  return createHmac('sha256', secret)
    .update(`${MAC_LABEL}\0${trustDomain}\0`, 'utf8')
    .update(id)
    .digest()
    .subarray(0, MAC_BYTES);
};
