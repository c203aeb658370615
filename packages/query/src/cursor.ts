import type { ActionPosition } from '@whence/store';

/**
 * Where a page of actions ended, as one opaque word: 8 bytes of nanoseconds, 16 of the trace id, 8 of the span id,
 * base64url. It names a place in the order of all actions, so that it holds whatever arrives and whatever is asked.
 */
const BYTES = 32;
const CURSOR = /^[A-Za-z0-9_-]{43}$/;

export const formatCursor = ({ startNanos, traceId, spanId }: ActionPosition): string => {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeBigInt64BE(startNanos, 0);
  bytes.write(traceId, 8, 'hex');
  bytes.write(spanId, 24, 'hex');
  return bytes.toString('base64url');
};

/** @returns undefined where the text is none that `formatCursor` wrote. */
export const parseCursor = (text: string): ActionPosition | undefined => {
  if (!CURSOR.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) return undefined;
  return {
    startNanos: bytes.readBigInt64BE(0),
    traceId: bytes.toString('hex', 8, 24),
    spanId: bytes.toString('hex', 24, 32),
  };
};
