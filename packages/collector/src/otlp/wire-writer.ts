/** Writes the protobuf wire format: for answers, and for OTLP/JSON on its way to the one decoder. */
export class WireWriter {
  private readonly chunks: Uint8Array[] = [];
  private length = 0;

  bytes(field: number, value: Uint8Array): this {
    this.varint(field * 8 + 2);
    this.varint(value.length);
    return this.push(value);
  }

  string(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, 'utf8'));
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
    this.varint(field * 8 + 1);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    return this.push(bytes);
  }

  fixed32(field: number, value: number): this {
    this.varint(field * 8 + 5);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0);
    return this.push(bytes);
  }

  double(field: number, value: number): this {
    this.varint(field * 8 + 1);
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return this.push(bytes);
  }

  /** Bytes that are whole fields already. */
  raw(bytes: Uint8Array): this {
    return this.push(bytes);
  }

  finish(): Uint8Array {
    return Buffer.concat(this.chunks, this.length);
  }

  private varint(value: number): void {
    this.varint64(BigInt(value));
  }

  private varint64(value: bigint): this {
    const bytes: number[] = [];
    let rest = value;
    while (rest > 0x7fn) {
      bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    return this.push(Uint8Array.from(bytes));
  }

  private push(bytes: Uint8Array): this {
    this.chunks.push(bytes);
    this.length += bytes.length;
    return this;
  }
}
