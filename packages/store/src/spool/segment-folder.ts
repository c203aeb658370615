import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskReserve } from './disk-reserve.ts';
import { moveSegment, removeSegment, Segment } from './segment.ts';

/** Why a segment was set aside instead of sent; the folder that it is in then. */
export type SetAsideReason = 'damaged' | 'refused';

const SET_ASIDE: readonly SetAsideReason[] = ['damaged', 'refused'];

/** The folder in which the segments of one table lie. What empties it works on a full disk too, by the reserve. */
export class SegmentFolder {
  readonly path: string;
  readonly reserve: DiskReserve;
  private readonly partsLeft: number | undefined;

  /** @param partsLeft of the reserve, which new segments may not use up; undefined: they may not use it at all */
  constructor(path: string, reserve: DiskReserve, partsLeft: number | undefined) {
    this.path = path;
    this.reserve = reserve;
    this.partsLeft = partsLeft;
  }

  /** What is left of the disk is for others. */
  get reserved(): boolean {
    return this.partsLeft === undefined && this.reserve.spent;
  }

  async make(): Promise<void> {
    for (const folder of ['', ...SET_ASIDE]) await mkdir(join(this.path, folder), { recursive: true });
  }

  /** Names without that suffix of the files that have it. */
  async withSuffix(suffix: string): Promise<string[]> {
    const files = await readdir(this.path);
    return files.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
  }

  create(): Promise<Segment> {
    const create = () => Segment.create(this.path);
    return this.partsLeft === undefined ? create() : this.reserve.spend(create, this.partsLeft);
  }

  remove(id: string): Promise<void> {
    return this.reserve.spend(() => removeSegment(this.path, id));
  }

  setAside(id: string, reason: SetAsideReason): Promise<void> {
    return this.reserve.spend(() => moveSegment(this.path, id, join(this.path, reason)));
  }

  /** Does it, if need be with what the reserve gives back for records. */
  spend<Result>(action: () => Promise<Result>): Promise<Result> {
    return this.reserve.spend(action, this.partsLeft);
  }
}
