import { createHash } from 'node:crypto';

/**
 * Where a page ended, as one opaque word (base64url): 8 bytes that tell the question apart, then the position as JSON.
 * It names a place in the order of all records, so that it holds whatever arrives, and leads on in no other question
 * and for no other tenant.
 */
export const formatCursor = (question: string, position: readonly string[]): string =>
  Buffer.concat([digestOf(question), Buffer.from(JSON.stringify(position))]).toString('base64url');

export type ReadCursor =
  | { readonly status: 'read'; readonly position: readonly string[] }
  | { readonly status: 'malformed' }
  | { readonly status: 'of_another_question' };

const DIGEST_BYTES = 8;
const WORD = /^[A-Za-z0-9_-]{1,4000}$/;

export const readCursor = (question: string, text: string): ReadCursor => {
  if (!WORD.test(text)) return { status: 'malformed' };
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length <= DIGEST_BYTES || bytes.toString('base64url') !== text) return { status: 'malformed' };
  const position = positionIn(bytes.toString('utf8', DIGEST_BYTES));
  if (position === undefined) return { status: 'malformed' };
  const isOurs = bytes.subarray(0, DIGEST_BYTES).equals(digestOf(question));
  return isOurs ? { status: 'read', position } : { status: 'of_another_question' };
};

const digestOf = (question: string): Buffer =>
  createHash('sha256').update(question).digest().subarray(0, DIGEST_BYTES);

const positionIn = (text: string): readonly string[] | undefined => {
  try {
    const read: unknown = JSON.parse(text);
    return Array.isArray(read) && read.every((part) => typeof part === 'string') ? read : undefined;
  } catch {
    return undefined;
  }
};
