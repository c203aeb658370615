const INITIAL_BYTES = 1 << 16;
/** Up to this a loop over 64-bit words beats the call into `TypedArray.prototype.set`. */
const LOOP_COPY_MAX_BYTES = 256;
/** The last word of a copied range may be written past its end: `reserve` always makes room for one more. */
const WORD = 8;
/** Up to this a loop over bytes does, where the source may end right behind them. */
const SHORT_MAX_BYTES = 16;
const UINT32_MAX = 0xffff_ffff;

/**
 * Writes ClickHouse `RowBinary` into one growing buffer.
 *
 * The caller reserves once per row (`reserve`), then writes without further checks: a write past the reserved room
 * is a broken contract and throws RangeError. Rows are taken with `taken()`, and given up with `at = mark`.
 * All integers are little-endian; a string is its length as LEB128, then its bytes.
 * https://clickhouse.com/docs/interfaces/formats/RowBinary
 */
export class RowWriter {
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  view: DataView = new DataView(this.bytes.buffer);
  /** Where the next byte goes. */
  at = 0;

  /** Makes room for `count` more bytes. May move the buffer: take `bytes` and `view` anew afterwards. */
  reserve(count: number): void {
    const needed = this.at + count + WORD;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  /** A view of what was written; valid until the next `reserve` or `reset`. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  /** A copy of what was written. */
  copyOut(): Uint8Array {
    return this.bytes.slice(0, this.at);
  }

  reset(): void {
    this.at = 0;
  }

  uint8(value: number): void {
    this.bytes[this.at++] = value;
  }

  /** @throws RangeError where the value does not fit: a number that wraps would pass for another. */
  uint32(value: number): void {
    if (value > UINT32_MAX) throw new RangeError(`${value} is no UInt32`);
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  /** `low` and `high` are the two 32-bit halves. */
  uint64(low: number, high: number): void {
    this.view.setUint32(this.at, low, true);
    this.view.setUint32(this.at + 4, high, true);
    this.at += 8;
  }

  /** DateTime64(3): milliseconds since the epoch, a safe integer. */
  millis(value: number): void {
    this.view.setBigInt64(this.at, BigInt(value), true);
    this.at += 8;
  }

  /** Unsigned LEB128 of a value below 2^32. */
  varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  /** Raw bytes, no length. */
  raw(source: Uint8Array): void {
    const { length } = source;
    if (length > SHORT_MAX_BYTES) this.bytes.set(source, this.at);
    else for (let i = 0; i < length; i++) this.bytes[this.at + i] = source[i]!;
    this.at += length;
  }

  /** Raw bytes from a range of a source that is seen through `sourceView`; may be this writer's own buffer. */
  range(source: Uint8Array, sourceView: DataView, start: number, end: number): void {
    const length = end - start;
    const { view, at } = this;
    if (length > LOOP_COPY_MAX_BYTES || end + WORD > source.length) {
      this.bytes.set(source.subarray(start, end), at);
    } else {
      for (let i = 0; i < length; i += WORD) view.setBigUint64(at + i, sourceView.getBigUint64(start + i));
    }
    this.at = at + length;
  }

  /** A String given as bytes. */
  stringBytes(source: Uint8Array): void {
    this.varint(source.length);
    this.raw(source);
  }

  /** A String or LowCardinality(String). Reserves for itself. */
  string(text: string): void {
    const encoded = Buffer.from(text, 'utf8');
    this.reserve(encoded.length + 5);
    this.stringBytes(encoded);
  }

  /** A UUID given as its 16 bytes: ClickHouse keeps it as two little-endian 64-bit halves. */
  uuid(id: Uint8Array): void {
    for (let i = 0; i < 8; i++) {
      this.bytes[this.at + i] = id[7 - i]!;
      this.bytes[this.at + 8 + i] = id[15 - i]!;
    }
    this.at += 16;
  }
}
