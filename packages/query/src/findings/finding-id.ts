import { createHash } from 'node:crypto';

/**
 * A UUID (version 8) that follows from what it names: the same, whoever makes it and when. Parts are told apart
 * whatever they hold.
 */
export const derivedId = (...parts: readonly string[]): string => {
  const hash = createHash('sha256').update('whence.findings.v1');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  const bytes = hash.digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
