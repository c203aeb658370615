import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** A part of a file, from `start` up to and without `end`. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

const CHUNK_BYTES = 1 << 20;
/** One chunk may be on its way to the socket, one wait in this stream, one be read: a fourth to be safe. */
const BUFFERS = 4;

/**
 * Reads parts of a file, one after the other, into a few buffers that are used in turn.
 *
 * A chunk is valid until three more were read, so whoever consumes this must pay heed to back-pressure and hold one
 * chunk at most: `pipe` and `pipeline` do. Never collect its chunks.
 */
export class SegmentStream extends Readable {
  private readonly path: string;
  private readonly extents: Extent[];
  private readonly buffers: Buffer[] = [];
  private turn = 0;
  private file: FileHandle | undefined;

  constructor(path: string, extents: readonly Extent[]) {
    super({ highWaterMark: 1 });
    this.path = path;
    this.extents = [...extents];
  }

  override _construct(done: (error?: Error | null) => void): void {
    open(this.path, 'r').then(
      (file) => {
        this.file = file;
        done();
      },
      (error: Error) => done(error),
    );
  }

  override _read(): void {
    const [extent] = this.extents;
    if (extent === undefined) {
      this.push(null);
      return;
    }
    const length = Math.min(CHUNK_BYTES, extent.end - extent.start);
    this.buffers[this.turn] ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const buffer = this.buffers[this.turn]!;
    this.turn = (this.turn + 1) % BUFFERS;
    this.file!.read(buffer, 0, length, extent.start).then(
      ({ bytesRead }) => {
        if (bytesRead === 0) {
          this.destroy(new Error(`${this.path} ends at ${extent.start}, before ${extent.end}`));
          return;
        }
        const start = extent.start + bytesRead;
        if (start === extent.end) this.extents.shift();
        else this.extents[0] = { start, end: extent.end };
        this.push(buffer.subarray(0, bytesRead));
      },
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const closed = this.file?.close() ?? Promise.resolve();
    closed.then(
      () => done(error),
      (failure: Error) => done(error ?? failure),
    );
  }
}
