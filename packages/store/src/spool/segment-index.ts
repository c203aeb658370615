import { crc32 } from 'node:zlib';

/**
 * The side index of a segment: one record for each append, so that the segment itself is nothing but rows.
 *
 *     0  magic "WHX1"     u32        24  receivedAtMillis  f64
 *     4  rows             u32        32  crcBefore         u32
 *     8  offset           f64        36  crcAfter          u32
 *    16  length           f64        40  crc32 of bytes 0 to 40 of this record, u32
 *
 * The two are CRC-32 of the segment up to this append and with it: one pass checks the append by itself, and the last
 * one is the checksum of the whole.
 */
export interface IndexRecord {
  readonly rows: number;
  /** Bytes from the start of the segment. */
  readonly offset: number;
  readonly length: number;
  readonly receivedAtMillis: number;
  readonly crcBefore: number;
  readonly crcAfter: number;
}

export const INDEX_RECORD_BYTES = 44;

const MAGIC = 0x31584857;
const CRC_AT = 40;

export const encodeIndexRecord = (record: IndexRecord): Buffer => {
  const bytes = Buffer.alloc(INDEX_RECORD_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(record.rows, 4);
  bytes.writeDoubleLE(record.offset, 8);
  bytes.writeDoubleLE(record.length, 16);
  bytes.writeDoubleLE(record.receivedAtMillis, 24);
  bytes.writeUInt32LE(record.crcBefore, 32);
  bytes.writeUInt32LE(record.crcAfter, 36);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT)), CRC_AT);
  return bytes;
};

/** @returns undefined where the bytes are no whole, undamaged record. */
export const decodeIndexRecord = (bytes: Buffer): IndexRecord | undefined => {
  if (bytes.length < INDEX_RECORD_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined;
  if (crc32(bytes.subarray(0, CRC_AT)) !== bytes.readUInt32LE(CRC_AT)) return undefined;
  return {
    rows: bytes.readUInt32LE(4),
    offset: bytes.readDoubleLE(8),
    length: bytes.readDoubleLE(16),
    receivedAtMillis: bytes.readDoubleLE(24),
    crcBefore: bytes.readUInt32LE(32),
    crcAfter: bytes.readUInt32LE(36),
  };
};
