const FIRST_BYTES = 64;
const VARINT_MAX_BYTES = 10;

/** Writes the protobuf wire format: for answers, and for OTLP/JSON on its way to the one decoder. */
export class WireWriter {
  private buffer = Buffer.allocUnsafe(FIRST_BYTES);
  private at = 0;

  bytes(field: number, value: Uint8Array): this {
    return this.tagged(field * 8 + 2, value.length).raw(value);
  }

  string(field: number, value: string): this {
    const length = Buffer.byteLength(value, 'utf8');
    this.tagged(field * 8 + 2, length).reserve(length);
    this.buffer.write(value, this.at, length, 'utf8');
    this.at += length;
    return this;
  }

  message(field: number, value: WireWriter): this {
    return this.bytes(field, value.finish());
  }

  /** A varint field; negative values take ten bytes, as int32 and int64 do. */
  int(field: number, value: bigint | number): this {
    this.varint(field * 8);
    return this.varint64(BigInt.asUintN(64, BigInt(value)));
  }

  fixed64(field: number, value: bigint): this {
    this.varint(field * 8 + 1).reserve(8);
    this.at = this.buffer.writeBigUInt64LE(BigInt.asUintN(64, value), this.at);
    return this;
  }

  fixed32(field: number, value: number): this {
    this.varint(field * 8 + 5).reserve(4);
    this.at = this.buffer.writeUInt32LE(value >>> 0, this.at);
    return this;
  }

  double(field: number, value: number): this {
    this.varint(field * 8 + 1).reserve(8);
    this.at = this.buffer.writeDoubleLE(value, this.at);
    return this;
  }

  /** Bytes that are whole fields already. */
  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
    return this;
  }

  /** What was written until now: a view, to be read before anything more is written. */
  finish(): Uint8Array {
    return this.buffer.subarray(0, this.at);
  }

  private tagged(tag: number, length: number): this {
    return this.varint(tag).varint(length);
  }

  private varint(value: number): this {
    this.reserve(VARINT_MAX_BYTES);
    let rest = value;
    while (rest > 0x7f) {
      this.buffer[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.at++] = rest;
    return this;
  }

  private varint64(value: bigint): this {
    if (value <= 0xffff_ffffn) return this.varint(Number(value));
    this.reserve(VARINT_MAX_BYTES);
    let rest = value;
    while (rest > 0x7fn) {
      this.buffer[this.at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.at++] = Number(rest);
    return this;
  }

  private reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.at));
    this.buffer = larger;
  }
}
