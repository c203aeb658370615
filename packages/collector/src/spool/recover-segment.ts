import { open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DATA_SUFFIX, INDEX_SUFFIX, type SealedSegment } from './segment.ts';
import { decodeIndexRecord, INDEX_RECORD_BYTES, type IndexRecord } from './segment-index.ts';

export type RecoveredSegment =
  /** Every append that was acknowledged is whole. `droppedBytes` were never acknowledged: a torn tail. */
  | { readonly status: 'whole'; readonly segment: SealedSegment; readonly droppedBytes: number }
  /** Nothing in it was acknowledged. */
  | { readonly status: 'empty' }
  /** Damage before the tail: acknowledged rows cannot be read. */
  | { readonly status: 'damaged'; readonly at: number; readonly lostRows: number };

/**
 * Reads a segment that an earlier process left. Appends are checked in order; from the first that does not check, the
 * rest is the tail. A tail is dropped only if nothing behind it checks: otherwise the segment is damaged.
 */
export const recoverSegment = async (directory: string, id: string): Promise<RecoveredSegment> => {
  const dataPath = join(directory, id + DATA_SUFFIX);
  const indexPath = join(directory, id + INDEX_SUFFIX);
  const records = (await readIndex(indexPath)).map((record) => ({ record, whole: false }));
  const file = await open(dataPath, 'r');
  const { size } = await file.stat();
  let crc = 0;
  let rows = 0;
  let bytes = 0;
  let whole = 0;
  try {
    for (const entry of records) {
      const data = entry.record === undefined ? undefined : await readExtent(file, entry.record, size);
      entry.whole = data !== undefined && crc32(data) === entry.record!.dataCrc;
      if (entry.whole && whole === records.indexOf(entry) && entry.record!.offset === bytes) {
        crc = crc32(data!, crc);
        rows += entry.record!.rows;
        bytes += entry.record!.length;
        whole++;
      }
    }
  } finally {
    await file.close();
  }
  const behind = records.slice(whole).filter((entry) => entry.whole);
  if (behind.length > 0) {
    const lost = records.slice(whole).filter((entry) => !entry.whole);
    return {
      status: 'damaged',
      at: bytes,
      lostRows: lost.reduce((sum, entry) => sum + (entry.record?.rows ?? 0), 0),
    };
  }
  if (rows === 0) return { status: 'empty' };
  await truncate(dataPath, bytes);
  await truncate(indexPath, whole * INDEX_RECORD_BYTES);
  return {
    status: 'whole',
    droppedBytes: size - bytes,
    segment: {
      id,
      directory,
      rows,
      bytes,
      crc,
      receivedAtMillis: records[0]!.record!.receivedAtMillis,
      uncertain: true,
    },
  };
};

const readIndex = async (path: string): Promise<(IndexRecord | undefined)[]> => {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  return Array.from({ length: Math.ceil(bytes.length / INDEX_RECORD_BYTES) }, (_, i) =>
    decodeIndexRecord(bytes.subarray(i * INDEX_RECORD_BYTES, (i + 1) * INDEX_RECORD_BYTES)),
  );
};

const readExtent = async (
  file: import('node:fs/promises').FileHandle,
  { offset, length }: IndexRecord,
  size: number,
): Promise<Buffer | undefined> => {
  if (offset + length > size) return undefined;
  const data = Buffer.alloc(length);
  const { bytesRead } = await file.read(data, 0, length, offset);
  return bytesRead === length ? data : undefined;
};
