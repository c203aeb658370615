import { join } from 'node:path';
import { StoreError } from '../store-error.ts';
import type { RowTable } from '../tables/columns.ts';
import { isDiskFull } from './disk-full.ts';
import type { DiskReserve } from './disk-reserve.ts';
import { type FoundDamage, recoverFolder } from './recover-folder.ts';
import type { SealedSegment, Segment } from './segment.ts';
import { SegmentFolder, type SetAsideReason } from './segment-folder.ts';

export interface SpoolOptions {
  /** One folder per table lies in it. */
  readonly directory: string;
  readonly table: RowTable;
  /** A segment that holds this many bytes is sealed. */
  readonly segmentMaxBytes: number;
  /** A segment is sealed this long after its first append, if the shipper is free. */
  readonly segmentMaxAgeMillis: number;
  /** Beyond this nothing is accepted until something was shipped. */
  readonly maxBytes: number;
  /** Of the disk: given back where the spool could not be emptied otherwise. */
  readonly reserve: DiskReserve;
  /**
   * Rows may be written with what the reserve gives back, but for so many of its parts. Absent: they may not, and none are
   * accepted while it is spent.
   */
  readonly reservePartsLeft?: number;
  readonly log: SpoolLog;
  /** Told of a batch that will not be sent, before it leaves the spool. */
  readonly settingAside?: (segment: SealedSegment, reason: SetAsideReason) => Promise<void>;
}

export interface SpoolLog {
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** Where the rows of one append will lie. */
export interface Place {
  readonly batchId: Uint8Array;
  readonly firstRow: number;
  readonly receivedAtMillis: number;
}

const RETRY_CREATE_MILLIS = 500;
/** So many sealed segments wait, or are on their way. */
const BEHIND_SEGMENTS = 3;
const BEHIND_FACTOR = 4;
const NONE = new Set<SealedSegment>();

/**
 * The write-ahead spool of one table: rows are durable here before they are acknowledged, and leave when the store has
 * them. Segments are sent in the order of their ids (UUIDv7: by time).
 *
 * Encoding and `append` must follow `place` without an `await` between them: the place is only valid until then.
 */
export class Spool {
  readonly table: RowTable;
  private readonly options: SpoolOptions;
  private readonly folder: SegmentFolder;
  private current: Segment | undefined;
  private spare: Segment | undefined;
  private preparing: Promise<void> | undefined;
  private readonly sealed: SealedSegment[] = [];
  private readonly sealing = new Set<Promise<void>>();
  private sealedBytes = 0;
  private found: readonly FoundDamage[] = [];
  private wake: () => void = () => {};
  private closed = false;

  private constructor(options: SpoolOptions) {
    this.options = options;
    this.table = options.table;
    const path = join(options.directory, options.table.name);
    this.folder = new SegmentFolder(path, options.reserve, options.reservePartsLeft);
  }

  /** Recovers what an earlier process left, and is ready to accept when it resolves. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    try {
      await spool.folder.make();
      await spool.recover();
      spool.current = await spool.firstSegment();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StoreError('directory_unusable', `${spool.folder.path} cannot be used: ${reason}`, {
        cause,
      });
    }
    spool.prepareSpare();
    return spool;
  }

  /** Of the disk that it is on. */
  get reserve(): DiskReserve {
    return this.options.reserve;
  }

  /** Bytes that the store does not have yet. */
  get bytes(): number {
    return this.sealedBytes + (this.current?.bytes ?? 0);
  }

  /** Batches that wait to be sent, the oldest first. */
  get waiting(): readonly SealedSegment[] {
    return this.sealed;
  }

  /** Age of the oldest row that the store does not have yet, in milliseconds; 0 where there is none. */
  ageMillis(now: number): number {
    const oldest = this.sealed[0]?.receivedAtMillis ?? (this.current?.startedAtMillis || now);
    return Math.max(0, now - oldest);
  }

  /** The damage that was found when this spool was opened, one for each segment that has any. */
  get damage(): readonly FoundDamage[] {
    return this.found;
  }

  get accepting(): boolean {
    const { maxBytes } = this.options;
    return !this.closed && !this.folder.reserved && this.usable() !== undefined && this.bytes < maxBytes;
  }

  /** @throws StoreError `spool_unavailable` where nothing can be made durable now. */
  place(nowMillis: number): Place {
    const { path } = this.folder;
    if (this.folder.reserved) {
      throw new StoreError(
        'spool_unavailable',
        `the disk of ${path} is full: what is left of it is kept for emptying the spool`,
      );
    }
    const segment = this.usable();
    if (segment === undefined || this.closed) {
      throw new StoreError('spool_unavailable', `the spool in ${path} cannot be written`);
    }
    if (this.bytes >= this.options.maxBytes) {
      throw new StoreError(
        'spool_unavailable',
        `the spool in ${path} is full: ${this.bytes} bytes wait for the store`,
      );
    }
    return {
      batchId: segment.idBytes,
      firstRow: segment.rows,
      receivedAtMillis: segment.receivedAt(nowMillis),
    };
  }

  /** Resolves when the rows are on disk; rejects with `spool_unavailable` where they are not, and never will be. */
  async append(rows: Uint8Array, rowCount: number, place: Place): Promise<void> {
    const segment = this.current!;
    try {
      const durable = segment.append(rows, rowCount, place.receivedAtMillis);
      if (segment.bytes >= this.sealAtBytes()) this.seal();
      await durable;
      this.wake();
    } catch (cause) {
      if (segment === this.current) this.seal();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StoreError('spool_unavailable', `the spool cannot be written: ${reason}`, { cause });
    }
  }

  /**
   * Records that are to be kept on a full disk too: where there is no room they are encoded again, for another place, with
   * what the reserve gives back to this spool. Resolves when they are on disk, with their place.
   */
  appendRecords(rowCount: number, encode: (place: Place) => Uint8Array): Promise<Place> {
    return this.folder.spend(async () => {
      if (this.usable() === undefined) {
        this.prepareSpare();
        await this.preparing;
      }
      const place = this.place(Date.now());
      await this.append(encode(place), rowCount, place);
      return place;
    });
  }

  /**
   * The oldest batch to send that is not `underWay` already, when there is one; undefined when `signal` is aborted. One
   * caller at a time.
   */
  async next(
    signal: AbortSignal,
    underWay: { has(segment: SealedSegment): boolean } = NONE,
  ): Promise<SealedSegment | undefined> {
    while (!signal.aborted) {
      const oldest = this.sealed.find((segment) => !underWay.has(segment));
      if (oldest !== undefined) return oldest;
      this.sealIfDue();
      await this.change(signal);
    }
    return undefined;
  }

  /** The store has it: it leaves the disk, but for a damaged file, which is kept for people to look at. */
  async shipped(segment: SealedSegment): Promise<void> {
    this.forget(segment);
    if (segment.damaged) await this.folder.setAside(segment.id, 'damaged');
    else await this.folder.remove(segment.id);
  }

  /** @param lostRows so many of its rows the store does not have */
  async setAside(segment: SealedSegment, reason: SetAsideReason, lostRows = segment.rows): Promise<void> {
    await this.options.settingAside?.({ ...segment, rows: lostRows }, reason);
    this.forget(segment);
    await this.folder.setAside(segment.id, reason);
  }

  /** Seals what is being written, so that `next` gives it without waiting for its age. */
  flush(): void {
    if ((this.current?.rows ?? 0) > 0) this.seal();
  }

  /** Accepts no more; what is on disk stays for the next start. */
  async close(): Promise<void> {
    this.closed = true;
    await this.preparing;
    const open = [this.current, this.spare];
    this.current = this.spare = undefined;
    for (const segment of open) await segment?.seal();
    await Promise.all(this.sealing);
  }

  private usable(): Segment | undefined {
    if (this.current === undefined || this.current.failed) this.seal();
    else if (this.current.rows > 0 && daysApart(this.current.startedAtMillis, Date.now())) this.seal();
    return this.current?.failed === true ? undefined : this.current;
  }

  /** Moves on to the spare segment. Where none is ready yet, a sound current one is kept on with. */
  private seal(): void {
    const { current } = this;
    if (this.spare === undefined && current !== undefined && !current.failed) {
      this.prepareSpare();
      return;
    }
    this.current = this.spare;
    this.spare = undefined;
    this.prepareSpare();
    if (current === undefined) return;
    this.sealedBytes += current.bytes;
    const done = current.seal().then((segment) => {
      this.sealedBytes += (segment?.bytes ?? 0) - current.bytes;
      if (segment !== undefined) {
        this.sealed.push(segment);
        this.sealed.sort((a, b) => (a.id < b.id ? -1 : 1));
      }
      this.sealing.delete(done);
      this.wake();
    });
    this.sealing.add(done);
  }

  /** A store that is behind takes few large batches in faster than many small ones, and none of them waits for another. */
  private sealAtBytes(): number {
    const { segmentMaxBytes } = this.options;
    return this.sealed.length + this.sealing.size < BEHIND_SEGMENTS
      ? segmentMaxBytes
      : segmentMaxBytes * BEHIND_FACTOR;
  }

  /** Nothing else is left to send. */
  private sealIfDue(): void {
    const { current } = this;
    const startedAt = current?.startedAtMillis ?? 0;
    if (current === undefined || startedAt === 0 || this.closed) return;
    const age = Date.now() - startedAt;
    const { segmentMaxAgeMillis, segmentMaxBytes } = this.options;
    if (current.bytes >= segmentMaxBytes || age >= segmentMaxAgeMillis || age < 0) this.seal();
  }

  private prepareSpare(): void {
    if (this.preparing !== undefined || this.closed) return;
    this.preparing = this.folder
      .create()
      .then((segment) => {
        this.spare = segment;
        if (this.current === undefined) this.seal();
      })
      .catch((error: unknown) => {
        this.options.log.error({ err: error, directory: this.folder.path }, 'cannot create a spool segment');
        setTimeout(() => this.prepareSpare(), RETRY_CREATE_MILLIS).unref();
      })
      .finally(() => {
        this.preparing = undefined;
      });
  }

  private async change(signal: AbortSignal): Promise<void> {
    const startedAt = this.current?.startedAtMillis ?? 0;
    const { segmentMaxAgeMillis } = this.options;
    const wait =
      startedAt === 0
        ? 60_000
        : Math.max(1, Math.min(segmentMaxAgeMillis, startedAt + segmentMaxAgeMillis - Date.now()));
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        this.wake = () => {};
        resolve();
      };
      const timer = setTimeout(finish, wait);
      this.wake = finish;
      signal.addEventListener('abort', finish, { once: true });
    });
  }

  private forget(segment: SealedSegment): void {
    const at = this.sealed.indexOf(segment);
    if (at < 0) return;
    this.sealed.splice(at, 1);
    this.sealedBytes -= segment.bytes;
  }

  /** On a full disk there is none until something was shipped, which a start must not stand in the way of. */
  private async firstSegment(): Promise<Segment | undefined> {
    try {
      return await this.folder.create();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.options.log.error({ err: error, directory: this.folder.path }, 'no room for a spool segment');
      return undefined;
    }
  }

  private async recover(): Promise<void> {
    const { segments, damage } = await recoverFolder(this.folder, this.table, this.options.log);
    this.found = damage;
    for (const segment of segments) {
      this.sealed.push(segment);
      this.sealedBytes += segment.bytes;
    }
  }
}

const DAY_MILLIS = 86_400_000;
const daysApart = (a: number, b: number): boolean =>
  Math.floor(a / DAY_MILLIS) !== Math.floor(b / DAY_MILLIS);
