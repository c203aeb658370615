import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Files that live as long as one statement: the rows of an INSERT, or an answer that is sent whole. */
export class Spool {
  readonly #path: string;
  #count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** A path at which nothing is. */
  newPath(): string {
    this.#count++;
    return join(this.#path, `${process.pid}-${this.#count}`);
  }

  /** Writes all of `source` to a new file, piece by piece; the file is removed again when that fails. */
  async write(source: AsyncIterable<Uint8Array>): Promise<string> {
    const path = this.newPath();
    try {
      await pipeline(Readable.from(source, { objectMode: false }), createWriteStream(path, { flags: 'wx' }));
      return path;
    } catch (error) {
      await this.remove(path);
      throw error;
    }
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }
}
