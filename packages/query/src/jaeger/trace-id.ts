const HEX = /^[0-9a-f]{1,32}$/i;
const BASE64 = /^[A-Za-z0-9+/_-]{11,22}={0,2}$/;

/**
 * A trace id as Jaeger reads it: up to 32 hex digits in either case, leading zeros left out or not; or base64 of 8 or 16
 * bytes, as protobuf's JSON writes it.
 *
 * @returns 32 lower-case hex digits; undefined where it is none.
 */
export const readTraceId = (text: string): string | undefined => {
  if (HEX.test(text)) return text.toLowerCase().padStart(32, '0');
  if (!BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 8 || bytes.length === 16 ? bytes.toString('hex').padStart(32, '0') : undefined;
};

/** As Jaeger's first API writes one: 16 digits where the rest is zero. */
export const shortTraceId = (traceId: string): string =>
  traceId.startsWith('0'.repeat(16)) ? traceId.slice(16) : traceId;
