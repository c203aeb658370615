const SMALLEST_BYTES = 1 << 16;
const LARGEST_BYTES = 8 << 20;
const KEPT_BYTES = 64 << 20;

/**
 * Buffers for bodies, used again and again. Fresh ones of this size are the engine's most expensive garbage: their
 * memory is outside of its heap, and every 64 MiB of it set off a collection of everything.
 */
export class BufferPool {
  private readonly idle = new Map<number, ArrayBuffer[]>();
  private idleBytes = 0;

  /** Content is whatever it was. Small and very large buffers are not pooled. */
  take(length: number): Uint8Array {
    const size = sizeFor(length);
    if (size === undefined) return new Uint8Array(length);
    const kept = this.idle.get(size)?.pop();
    if (kept === undefined) return new Uint8Array(new ArrayBuffer(size), 0, length);
    this.idleBytes -= size;
    return new Uint8Array(kept, 0, length);
  }

  /** Only of what `take` gave, once, when nothing looks at it any more. */
  give(bytes: Uint8Array): void {
    const { buffer } = bytes;
    const size = buffer.byteLength;
    if (!(buffer instanceof ArrayBuffer) || sizeFor(size) !== size || this.idleBytes + size > KEPT_BYTES)
      return;
    const idle = this.idle.get(size);
    if (idle === undefined) this.idle.set(size, [buffer]);
    else idle.push(buffer);
    this.idleBytes += size;
  }
}

/** The next power of two. */
const sizeFor = (length: number): number | undefined =>
  length < SMALLEST_BYTES || length > LARGEST_BYTES ? undefined : 2 ** Math.ceil(Math.log2(length));
