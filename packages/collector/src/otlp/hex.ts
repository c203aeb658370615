import type { RowWriter } from '@whence/store';

const DIGITS = '0123456789abcdef';
/** Two hex digits of a byte as one little-endian 16-bit word. */
const PAIR = Uint16Array.from(
  { length: 256 },
  (_, byte) => DIGITS.charCodeAt(byte >> 4) | (DIGITS.charCodeAt(byte & 15) << 8),
);

/** Writes `count` bytes as a String of lower-case hex digits. */
export const writeHex = (source: Uint8Array, start: number, count: number, out: RowWriter): void => {
  const { view, at } = out;
  out.bytes[at] = count * 2;
  for (let i = 0; i < count; i++) view.setUint16(at + 1 + i * 2, PAIR[source[start + i]!]!, true);
  out.at = at + 1 + count * 2;
};
