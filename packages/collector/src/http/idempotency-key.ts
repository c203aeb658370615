export type IdempotencyKey =
  | { readonly status: 'none' }
  | { readonly status: 'given'; readonly key: string }
  | { readonly status: 'malformed' };

const KEY = /^[\x21-\x7e]{1,64}$/;
/** A string of RFC 9651 without a blank: what draft-ietf-httpapi-idempotency-key-header asks for. */
const QUOTED = /^"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/** The header `Idempotency-Key`: 1 to 64 visible ASCII characters. Most clients leave its quotes out: both are one key. */
export const idempotencyKeyIn = (header: string | undefined): IdempotencyKey => {
  if (header === undefined) return { status: 'none' };
  const key = header.startsWith('"') ? QUOTED.exec(header)?.[1]?.replace(/\\(.)/g, '$1') : header;
  return key !== undefined && KEY.test(key) ? { status: 'given', key } : { status: 'malformed' };
};
