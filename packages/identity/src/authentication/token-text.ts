import { Buffer } from 'node:buffer';

/** A JWT taken apart. Nothing in it is proven yet. */
export type TokenText =
  | {
      readonly status: 'read';
      readonly header: Readonly<Record<string, unknown>>;
      readonly payload: Readonly<Record<string, unknown>>;
    }
  | { readonly status: 'malformed'; readonly why: string };

const TOKEN_MAX_LENGTH = 16_384;
const THREE_PARTS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/** Types of tokens that are for their bearer to present. Others prove something else: a logout, a transaction. */
const BEARER_TYPES = new Set([undefined, 'JWT', 'JOSE', 'AT+JWT']);

export const looksLikeToken = (text: string): boolean => THREE_PARTS.test(text);

/** A token that its bearer presents as its own. */
export const readToken = (text: string): TokenText => {
  const read = readJwt(text);
  return read.status === 'read' && !BEARER_TYPES.has(typeOf(read.header))
    ? malformed('its type is not that of a bearer token')
    : read;
};

const typeOf = ({ typ }: Readonly<Record<string, unknown>>): string | undefined =>
  typeof typ === 'string' ? typ.replace(/^application\//i, '').toUpperCase() : undefined;

/**
 * A JWT of any type. Stricter than RFC 7519 where two readers could differ: no member twice, no base64 with spare bits
 * set.
 */
export const readJwt = (text: string): TokenText => {
  if (text.length > TOKEN_MAX_LENGTH) return malformed(`it is longer than ${TOKEN_MAX_LENGTH} characters`);
  const parts = text.split('.');
  if (!parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)) {
    return malformed('it is not base64url throughout');
  }
  const header = objectIn(parts[0]!);
  const payload = objectIn(parts[1]!);
  if (header === undefined || payload === undefined) {
    return malformed('its header and payload are not JSON objects, each member once');
  }
  return { status: 'read', header, payload };
};

const malformed = (why: string): TokenText => ({ status: 'malformed', why });

const objectIn = (part: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && !repeatsMember(text) ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
};

const STRING_OR_BRACE = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;

/** @param json is JSON */
const repeatsMember = (json: string): boolean => {
  const open: Set<string>[] = [];
  for (const [token, colon] of json.matchAll(STRING_OR_BRACE)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const name = JSON.parse(token.slice(0, -colon.length)) as string;
      const members = open.at(-1)!;
      if (members.has(name)) return true;
      members.add(name);
    }
  }
  return false;
};
