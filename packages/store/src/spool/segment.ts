import { fstatSync } from 'node:fs';
import { access, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { newRunId, runIdToBytes } from '@whence/model';
import { encodeIndexRecord, INDEX_RECORD_BYTES } from './segment-index.ts';
import { type Extent, SegmentStream } from './segment-stream.ts';

export const DATA_SUFFIX = '.rowbinary';
export const INDEX_SUFFIX = '.index';
/** How far whoever reads the segment request by request has come; not every segment has one. */
export const CURSOR_SUFFIX = '.cursor';

/** A batch on disk, complete and never changed again. */
export interface SealedSegment {
  readonly id: string;
  readonly directory: string;
  readonly rows: number;
  /** Of the rows, all extents together. */
  readonly bytes: number;
  /** CRC-32 of those bytes. */
  readonly crc: number;
  /** Where in the file the rows lie: one part, but for a file that is damaged or has a torn tail. */
  readonly extents: readonly Extent[];
  /** The file holds rows that cannot be read: it is kept when the others were shipped. */
  readonly damaged: boolean;
  readonly receivedAtMillis: number;
  /** An insert may have been tried before: ask the store before sending. */
  readonly uncertain: boolean;
}

interface Append {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly receivedAtMillis: number;
  /** CRC-32 of the segment up to it, and with it. */
  readonly crcBefore: number;
  readonly crcAfter: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const DAY_MILLIS = 86_400_000;

/**
 * The segment that is being written. Appends that come while a sync is under way share the next one (group commit).
 * After a failed write or sync nothing more is written to it: a second fdatasync may say yes to lost pages
 * (https://wiki.postgresql.org/wiki/Fsync_Errors).
 */
export class Segment {
  readonly id: string;
  readonly idBytes: Uint8Array;
  /** Rows appended, durable or not. */
  rows = 0;
  /** Bytes appended, durable or not. */
  bytes = 0;
  /** CRC-32 of the bytes appended, durable or not. */
  private crc = 0;
  private readonly directory: string;
  private readonly data: FileHandle;
  private readonly index: FileHandle;
  private pending: Append[] = [];
  private flushing: Promise<void> | undefined;
  private durable = { rows: 0, bytes: 0, crc: 0, records: 0 };
  private firstAt = 0;
  private failure: unknown;

  private constructor(id: string, directory: string, data: FileHandle, index: FileHandle) {
    this.id = id;
    this.idBytes = runIdToBytes(id);
    this.directory = directory;
    this.data = data;
    this.index = index;
  }

  /** Both files exist durably when this resolves. */
  static async create(directory: string): Promise<Segment> {
    const id = newRunId();
    const files: FileHandle[] = [];
    try {
      for (const suffix of [DATA_SUFFIX, INDEX_SUFFIX]) {
        files.push(await open(join(directory, id + suffix), 'wx', 0o600));
      }
      await syncDirectory(directory);
      return new Segment(id, directory, files[0]!, files[1]!);
    } catch (error) {
      await Promise.allSettled(files.map((file) => file.close()));
      await removeSegment(directory, id).catch(() => {});
      throw error;
    }
  }

  get failed(): boolean {
    return this.failure !== undefined;
  }

  /** Milliseconds since the epoch of the first append; 0 before it. */
  get startedAtMillis(): number {
    return this.firstAt;
  }

  /** The time to give a row received now: never outside the day on which the segment began, so it is one partition. */
  receivedAt(nowMillis: number): number {
    if (this.firstAt === 0) return nowMillis;
    const dayStart = Math.floor(this.firstAt / DAY_MILLIS) * DAY_MILLIS;
    return Math.min(Math.max(nowMillis, dayStart), dayStart + DAY_MILLIS - 1);
  }

  /** Resolves when the bytes are on disk; until then they belong to the segment. */
  append(bytes: Uint8Array, rows: number, receivedAtMillis: number): Promise<void> {
    if (this.firstAt === 0) this.firstAt = receivedAtMillis;
    this.rows += rows;
    this.bytes += bytes.length;
    const crcBefore = this.crc;
    // Now, while the bytes are still in the processor's cache.
    const crcAfter = crc32(bytes, crcBefore);
    this.crc = crcAfter;
    return new Promise((resolve, reject) => {
      this.pending.push({ bytes, rows, receivedAtMillis, crcBefore, crcAfter, resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  /** Waits for what is being written, closes the files, and says what is durable. */
  async seal(): Promise<SealedSegment | undefined> {
    await this.flushing;
    await Promise.allSettled([this.data.close(), this.index.close()]);
    const { rows, bytes, crc } = this.durable;
    if (rows === 0) {
      // On a disk that has turned read-only it stays; the next start clears it away.
      await removeSegment(this.directory, this.id).catch(() => {});
      return undefined;
    }
    return {
      id: this.id,
      directory: this.directory,
      rows,
      bytes,
      crc,
      extents: [{ start: 0, end: bytes }],
      damaged: false,
      receivedAtMillis: this.firstAt,
      uncertain: false,
    };
  }

  private async flush(): Promise<void> {
    while (this.pending.length > 0) {
      const group = this.pending;
      this.pending = [];
      try {
        if (this.failure !== undefined) throw this.failure;
        await this.write(group);
        for (const append of group) append.resolve();
      } catch (error) {
        await this.giveUp(error);
        for (const append of group) append.reject(error);
      }
    }
    this.flushing = undefined;
  }

  private async write(group: readonly Append[]): Promise<void> {
    let { rows, bytes, crc, records } = this.durable;
    const index: Buffer[] = [];
    for (const append of group) {
      const { receivedAtMillis, crcBefore, crcAfter } = append;
      const { length } = append.bytes;
      index.push(
        encodeIndexRecord({
          rows: append.rows,
          offset: bytes,
          length,
          receivedAtMillis,
          crcBefore,
          crcAfter,
        }),
      );
      rows += append.rows;
      bytes += length;
      crc = crcAfter;
    }
    await settled([
      writeAll(
        this.data,
        group.map((append) => append.bytes),
        this.durable.bytes,
      ),
      writeAll(this.index, index, records * INDEX_RECORD_BYTES),
    ]);
    await settled([this.data.datasync(), this.index.datasync(), this.stillThere()]);
    records += group.length;
    this.durable = { rows, bytes, crc, records };
  }

  /** A file that was removed while it is open takes writes and syncs as before, and nobody will ever read them. */
  private async stillThere(): Promise<void> {
    const [data, index] = [fstatSync(this.data.fd), fstatSync(this.index.fd)];
    if (data.nlink === 0 || index.nlink === 0) throw new Error('the segment was removed by another process');
  }

  /** Nothing of the failed group may come back after a restart, since its senders were told no. */
  private async giveUp(error: unknown): Promise<void> {
    if (this.failure !== undefined) return;
    this.failure = error;
    const { bytes, records } = this.durable;
    await Promise.allSettled([this.index.truncate(records * INDEX_RECORD_BYTES), this.data.truncate(bytes)]);
  }
}

/** Waits for all, also where one fails: the bytes are in use until then. */
const settled = async (tasks: readonly Promise<void>[]): Promise<void> => {
  const failed = (await Promise.allSettled(tasks)).find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};

/** `writev` may write less than it was given: the rest is written again from there. */
const writeAll = async (file: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<void> => {
  let at = position;
  let rest = chunks;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    rest = unwritten(rest, bytesWritten);
  }
};

const unwritten = (chunks: readonly Uint8Array[], written: number): readonly Uint8Array[] => {
  let skipped = written;
  let first = 0;
  while (first < chunks.length && skipped >= chunks[first]!.length) skipped -= chunks[first++]!.length;
  if (first === chunks.length) return [];
  return [chunks[first]!.subarray(skipped), ...chunks.slice(first + 1)];
};

/** The rows of a segment, to be sent: one consumer, which takes a chunk at a time. */
export const readSegment = ({ directory, id, extents }: SealedSegment): Readable =>
  new SegmentStream(join(directory, id + DATA_SUFFIX), extents);

/** The rows of a segment, all at once. @throws Error where they are not what was written. */
export const readSegmentBytes = async (segment: SealedSegment): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(segment.bytes);
  let filled = 0;
  // Chunks are valid until the next ones are read: each is copied.
  for await (const chunk of readSegment(segment)) filled += (chunk as Buffer).copy(bytes, filled);
  if (filled !== segment.bytes || crc32(bytes) !== segment.crc) {
    throw new Error(`segment ${segment.id} has changed on disk since it was written`);
  }
  return bytes;
};

export const removeSegment = async (directory: string, id: string): Promise<void> => {
  await rm(join(directory, id + DATA_SUFFIX), { force: true });
  await rm(join(directory, id + INDEX_SUFFIX), { force: true });
  await rm(join(directory, id + CURSOR_SUFFIX), { force: true });
};

/** Sets a segment aside for people to look at. Its index may be missing. Where it failed half-way it can be done again. */
export const moveSegment = async (directory: string, id: string, target: string): Promise<void> => {
  const [data, index] = [id + DATA_SUFFIX, id + INDEX_SUFFIX];
  await rename(join(directory, data), join(target, data)).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || !(await isThere(join(target, data)))) throw error;
  });
  await rename(join(directory, index), join(target, index)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rm(join(directory, id + CURSOR_SUFFIX), { force: true });
  await syncDirectory(target);
};

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

export const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
