import { setTimeout as pause } from 'node:timers/promises';
import { isDiskFull } from './disk-full.ts';
import { ReserveFiles } from './reserve-files.ts';
import type { SpoolLog } from './spool.ts';

/** Each is a file, since one that is cut shorter gives nothing back on some file systems. */
export const RESERVE_PARTS = 8;

const RETRY_MILLIS = 1_000;
const RETRY_AFTER_FAULT_MILLIS = 5_000;

export interface DiskReserveOptions {
  readonly directory: string;
  /** 0: there is none. */
  readonly bytes: number;
  readonly log: SpoolLog;
}

/**
 * Space on the disk of the spool that is kept occupied, to be given back when the disk is full: for what the spool cannot
 * be emptied without, and for records that must not be lost. It is for nothing else: while it is `spent`, the spools of
 * what senders send refuse more.
 */
export class DiskReserve {
  private readonly log: SpoolLog;
  private readonly files: ReserveFiles;
  private readonly parts: number;
  private readonly held: Set<number>;
  private full = false;
  private owned = false;
  private givenBack = 0;
  private givenBackAt = Number.NEGATIVE_INFINITY;
  private giving: Promise<void> | undefined;
  private taking: Promise<void> | undefined;
  private readonly closing = new AbortController();

  private constructor(files: ReserveFiles, held: readonly number[], { bytes, log }: DiskReserveOptions) {
    this.files = files;
    this.parts = bytes === 0 ? 0 : RESERVE_PARTS;
    this.held = new Set(held.filter((part) => part < this.parts));
    this.log = log;
  }

  /** With what an earlier process has left of it. Changes nothing on disk, where somebody else may be the owner. */
  static async find(options: DiskReserveOptions): Promise<DiskReserve> {
    const files = new ReserveFiles(options.directory, Math.ceil(options.bytes / RESERVE_PARTS));
    // Whatever is wrong with the directory, its owner is told when the directory is taken.
    return new DiskReserve(files, await files.find().catch(() => []), options);
  }

  /** What is occupied now. */
  get bytes(): number {
    return this.held.size * this.files.fileBytes;
  }

  /** The disk was found full, and the reserve has not been whole since. */
  get spent(): boolean {
    return this.full;
  }

  /** Takes what is missing, from now on whenever there is room: in the background. Only for the owner of the directory. */
  async keepWhole(): Promise<void> {
    this.owned = true;
    try {
      await this.files.clear(this.held);
      if (!(await this.hasRoom())) this.foundFull();
    } catch (error) {
      this.log.error({ err: error }, 'the reserve cannot be taken');
    }
    this.take();
  }

  /**
   * Does it; where the disk is full, gives a part back and does it again, until it works or only `leave` parts are left.
   *
   * @throws what `action` throws
   */
  async spend<Result>(action: () => Promise<Result>, leave = 0): Promise<Result> {
    for (;;) {
      const before = this.givenBack;
      try {
        return await action();
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        // What another has given back since may be enough for both.
        if (this.givenBack > before) continue;
        if (this.giving === undefined && this.held.size <= leave) throw error;
        await this.giveBack();
      }
    }
  }

  /** What is occupied stays so. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.taking;
  }

  private giveBack(): Promise<void> {
    this.giving ??= this.giveOne().finally(() => {
      this.giving = undefined;
    });
    return this.giving;
  }

  private async giveOne(): Promise<void> {
    const [part] = this.held;
    this.held.delete(part!);
    this.full = true;
    try {
      await this.files.remove(part!);
      this.log.warn({ heldBytes: this.bytes }, 'the disk is full: a part of the reserve is given back');
    } catch (error) {
      this.log.error({ err: error, part }, 'a part of the reserve cannot be given back');
    }
    this.givenBack++;
    this.givenBackAt = performance.now();
    this.take();
  }

  private take(): void {
    if (!this.owned || this.taking !== undefined || this.missing === 0 || this.closing.signal.aborted) return;
    this.taking = this.takeMissing().finally(() => {
      this.taking = undefined;
      this.take();
    });
  }

  private async takeMissing(): Promise<void> {
    const { signal } = this.closing;
    while (this.missing > 0 && !signal.aborted) {
      const wait = await this.takeOneIfRoom();
      if (wait > 0) await pause(wait, undefined, { signal, ref: false }).catch(() => {});
    }
    if (this.missing > 0) return;
    if (this.full) this.log.warn({ heldBytes: this.bytes }, 'the reserve is whole again');
    this.full = false;
  }

  /** @returns the milliseconds until the next one. */
  private async takeOneIfRoom(): Promise<number> {
    // What was given back is to be used first. Under a quota there would seem to be room at once.
    const sinceMillis = performance.now() - this.givenBackAt;
    if (sinceMillis < RETRY_MILLIS) return RETRY_MILLIS - sinceMillis;
    try {
      if (await this.hasRoom()) {
        await this.takeOne();
        return 0;
      }
      this.foundFull();
      return RETRY_MILLIS;
    } catch (error) {
      if (isDiskFull(error)) this.foundFull();
      else if (!this.closing.signal.aborted) this.log.error({ err: error }, 'the reserve cannot be taken');
      return RETRY_AFTER_FAULT_MILLIS;
    }
  }

  private async takeOne(): Promise<void> {
    // Not the one that is being removed.
    while (this.giving !== undefined) await this.giving;
    let part = 0;
    while (this.held.has(part)) part++;
    await this.files.add(part, this.closing.signal);
    this.held.add(part);
  }

  private get missing(): number {
    return this.parts - this.held.size;
  }

  /** One part more: with nothing left beside it, some would have to be given back at once. */
  private get neededBytes(): number {
    return this.missing === 0 ? 0 : (this.missing + 1) * this.files.fileBytes;
  }

  private async hasRoom(): Promise<boolean> {
    return (await this.files.freeBytes()) >= this.neededBytes;
  }

  private foundFull(): void {
    if (this.full) return;
    this.full = true;
    this.log.error(
      { heldBytes: this.bytes, neededBytes: this.neededBytes },
      'no room for the reserve: nothing is accepted until there is',
    );
  }
}
