import { randomFill } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const CHUNK_BYTES = 1 << 20;

const fillAtRandom = promisify<Uint8Array, Uint8Array>(randomFill);

/** Files of one size that occupy space, numbered from 0. */
export class ReserveFiles {
  readonly fileBytes: number;
  private readonly directory: string;
  private readonly folder: string;

  /** @param directory in whose folder `reserve` they lie */
  constructor(directory: string, fileBytes: number) {
    this.directory = directory;
    this.folder = join(directory, 'reserve');
    this.fileBytes = fileBytes;
  }

  /** Those that are there and whole. */
  async find(): Promise<number[]> {
    const found: number[] = [];
    for (const name of await this.names()) {
      const { size } = await stat(join(this.folder, name));
      if (/^\d+$/.test(name) && size === this.fileBytes) found.push(Number(name));
    }
    return found;
  }

  /** Removes everything but these. */
  async clear(keep: ReadonlySet<number>): Promise<void> {
    for (const name of await this.names()) {
      if (!keep.has(Number(name))) await rm(join(this.folder, name), { force: true });
    }
  }

  /** Makes one. Where there is no room for it, or it is told to stop, there is none afterwards. */
  async add(file: number, signal: AbortSignal): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const path = this.pathOf(file);
    try {
      const handle = await open(path, 'w', 0o600);
      try {
        // At random: what can be compressed, or is nothing but zeros, may not occupy the space that it seems to.
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, this.fileBytes));
        for (let left = this.fileBytes; left > 0; left -= chunk.length) {
          signal.throwIfAborted();
          await handle.appendFile((await fillAtRandom(chunk)).subarray(0, left));
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      await this.remove(file);
      throw error;
    }
  }

  async remove(file: number): Promise<void> {
    await rm(this.pathOf(file), { force: true });
  }

  /** What is free on their disk, for this user. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.directory);
    return bavail * bsize;
  }

  private pathOf(file: number): string {
    return join(this.folder, String(file));
  }

  private async names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }
}
