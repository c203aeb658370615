/** What one request holds of the memory for bodies. */
export interface BodyLease {
  /** Holds that much in all. False: there is no room now, and nothing has changed. */
  hold(bytes: number): boolean;
  /** Gives all of it back. More than once does no harm. */
  release(): void;
}

/**
 * The memory that request bodies may take up at the same time, whatever connections and protocols they come by: bytes as
 * they are on the wire, and inflated. A body that is alone always finds room, so that none is refused for ever.
 */
export class BodyMemory {
  private readonly maxBytes: number;
  private held = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.held;
  }

  get exhausted(): boolean {
    return this.held >= this.maxBytes;
  }

  lease(): BodyLease {
    let own = 0;
    return {
      hold: (bytes) => {
        const others = this.held - own;
        if (others > 0 && others + bytes > this.maxBytes) return false;
        this.held = others + bytes;
        own = bytes;
        return true;
      },
      release: () => {
        this.held -= own;
        own = 0;
      },
    };
  }
}

export interface BodyLimits {
  /** Of one body, before and after inflating. */
  readonly bodyMaxBytes: number;
  /** Of all together. */
  readonly bodyMemory: BodyMemory;
}
