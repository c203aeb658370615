import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { RowTable } from '../tables/columns.ts';
import { salvageRows } from './salvage-rows.ts';
import { DATA_SUFFIX, INDEX_SUFFIX, type SealedSegment } from './segment.ts';
import { decodeIndexRecord, INDEX_RECORD_BYTES, type IndexRecord } from './segment-index.ts';
import type { Extent } from './segment-stream.ts';

export type RecoveredSegment =
  /** Nothing in it was acknowledged. */
  | { readonly status: 'empty'; readonly droppedBytes: number }
  /** Every append that was acknowledged is whole. `droppedBytes` were not: a torn tail. */
  | { readonly status: 'whole'; readonly segment: SealedSegment; readonly droppedBytes: number }
  /** What can be read is in `segment`; undefined where that is nothing. */
  | { readonly status: 'damaged'; readonly segment: SealedSegment | undefined; readonly damage: Damage };

export interface Damage {
  /** Rows that may have been acknowledged and cannot be read, as far as the index tells. */
  readonly lostRows: number;
  /** Bytes of the file that are in no row which can be read. */
  readonly lostBytes: number;
  /** Rows in `segment` of which the checksum is lost. */
  readonly uncheckedRows: number;
}

/**
 * Reads a segment that an earlier process left, and changes nothing, so that any number of starts find the same. Each
 * append stands for itself: where one does not check, those behind it are still good. Where the index cannot be read,
 * the rows tell by themselves where they are (`salvageRows`).
 *
 * The last appends that lack bytes were cut off while they were written, before anyone was told that they are kept.
 */
export const recoverSegment = async (
  directory: string,
  id: string,
  table: RowTable,
): Promise<RecoveredSegment> => {
  const index = await readIndex(join(directory, id + INDEX_SUFFIX));
  const file = await open(join(directory, id + DATA_SUFFIX), 'r');
  try {
    const { size } = await file.stat();
    const reading = new Reading(id, table, file);
    let unreadable = index.status === 'missing';
    for (const record of index.records) {
      if (record === undefined || record.offset < reading.at) {
        unreadable = true;
        continue;
      }
      if (record.offset + record.length > size) break;
      await reading.salvageUpTo(record.offset);
      await reading.take(record);
      unreadable = false;
    }
    if (unreadable) await reading.salvageUpTo(size);
    return reading.result(directory, size);
  } finally {
    await file.close();
  }
};

/** What was found until now, from the start of the file to `at`. */
class Reading {
  at = 0;
  private readonly id: string;
  private readonly table: RowTable;
  private readonly file: FileHandle;
  private readonly extents: Extent[] = [];
  private crc = 0;
  private rows = 0;
  private receivedAtMillis = 0;
  private lostRows = 0;
  private lostBytes = 0;
  private uncheckedRows = 0;

  constructor(id: string, table: RowTable, file: FileHandle) {
    this.id = id;
    this.table = table;
    this.file = file;
  }

  /** An append that the index tells of. */
  async take({ offset, length, rows, receivedAtMillis, crcBefore, crcAfter }: IndexRecord): Promise<void> {
    const data = await this.read(offset, offset + length);
    this.at = offset + length;
    if (crc32(data, crcBefore) === crcAfter) {
      this.keep(offset, data, rows, receivedAtMillis);
      return;
    }
    this.lostRows += rows;
    this.lostBytes += length;
  }

  /** Bytes that no readable record of the index tells of. */
  async salvageUpTo(end: number): Promise<void> {
    if (end === this.at) return;
    const start = this.at;
    const data = await this.read(start, end);
    this.at = end;
    const { rows, bytes, receivedAtMillis } = salvageRows(this.table, this.id, data);
    this.lostBytes += data.length - bytes;
    this.uncheckedRows += rows;
    if (rows > 0) this.keep(start, data.subarray(0, bytes), rows, receivedAtMillis);
  }

  result(directory: string, size: number): RecoveredSegment {
    const { id, rows, crc, extents, receivedAtMillis, lostRows, lostBytes, uncheckedRows } = this;
    const damaged = lostBytes > 0 || uncheckedRows > 0;
    const bytes = extents.reduce((sum, { start, end }) => sum + end - start, 0);
    const segment =
      rows === 0
        ? undefined
        : { id, directory, rows, bytes, crc, extents, damaged, receivedAtMillis, uncertain: true };
    if (damaged) return { status: 'damaged', segment, damage: { lostRows, lostBytes, uncheckedRows } };
    const droppedBytes = size - this.at;
    return segment === undefined
      ? { status: 'empty', droppedBytes }
      : { status: 'whole', segment, droppedBytes };
  }

  private keep(start: number, data: Uint8Array, rows: number, receivedAtMillis: number): void {
    if (this.rows === 0) this.receivedAtMillis = receivedAtMillis;
    this.rows += rows;
    this.crc = crc32(data, this.crc);
    const end = start + data.length;
    const last = this.extents.at(-1);
    if (last?.end === start) this.extents[this.extents.length - 1] = { start: last.start, end };
    else this.extents.push({ start, end });
  }

  private async read(start: number, end: number): Promise<Buffer> {
    const data = Buffer.alloc(end - start);
    const { bytesRead } = await this.file.read(data, 0, data.length, start);
    return data.subarray(0, bytesRead);
  }
}

interface Index {
  readonly status: 'there' | 'missing';
  /** Undefined: a record that does not check. A last one that is cut off counts as none. */
  readonly records: readonly (IndexRecord | undefined)[];
}

const readIndex = async (path: string): Promise<Index> => {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes === undefined) return { status: 'missing', records: [] };
  const records = Array.from({ length: Math.floor(bytes.length / INDEX_RECORD_BYTES) }, (_, i) =>
    decodeIndexRecord(bytes.subarray(i * INDEX_RECORD_BYTES, (i + 1) * INDEX_RECORD_BYTES)),
  );
  return { status: 'there', records };
};
