import { CollectorError } from '../collector-error.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
const GROUP_START = 3;
const GROUP_END = 4;
export const FIXED32 = 5;

const GROUP_MAX_DEPTH = 32;

/**
 * Reads the protobuf wire format in place. `end` bounds the message being read: entering a field narrows it, leaving
 * restores it, and nothing is ever read past it.
 * https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  at = 0;
  end = 0;
  /** High half of the last `varint64`; `varint64` returns the low half. Both unsigned. */
  high = 0;

  open(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
    this.end = bytes.length;
  }

  /** A field's tag: field number × 8 + wire type. */
  tag(): number {
    const tag = this.varint();
    if (tag < 8) throw this.malformed('field number 0');
    return tag;
  }

  /** The low 32 bits of a varint, unsigned. */
  varint(): number {
    const byte = this.bytes[this.at]!;
    if (byte < 0x80 && this.at < this.end) {
      this.at++;
      return byte;
    }
    return this.varint64();
  }

  varint64(): number {
    const { bytes, end } = this;
    let { at } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw this.malformed('varint cut off');
      const byte = bytes[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= bits << 31;
      if (byte < 0x80) {
        this.at = at;
        this.high = high >>> 0;
        return low >>> 0;
      }
    }
    throw this.malformed('varint longer than 10 bytes');
  }

  /** Reads a length and returns the offset at which that field ends. */
  fieldEnd(): number {
    this.high = 0;
    const length = this.varint();
    const fieldEnd = this.at + length;
    if (fieldEnd > this.end || this.high !== 0) {
      throw this.malformed(`length ${length} beyond the end of the message`);
    }
    return fieldEnd;
  }

  /** Passes over `count` bytes and returns where they begin. */
  take(count: number): number {
    const start = this.at;
    if (start + count > this.end) throw this.malformed('fixed-size field cut off');
    this.at = start + count;
    return start;
  }

  /** Passes over a field that is not known, as the format demands. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case VARINT:
        this.varint64();
        return;
      case FIXED64:
        this.take(8);
        return;
      case BYTES:
        this.at = this.fieldEnd();
        return;
      case FIXED32:
        this.take(4);
        return;
      case GROUP_START:
        this.skipGroup(tag >>> 3, depth + 1);
        return;
      default:
        throw this.malformed(`wire type ${tag & 7} where a field begins`);
    }
  }

  private skipGroup(field: number, depth: number): void {
    if (depth > GROUP_MAX_DEPTH) throw this.malformed('groups nested too deep');
    for (;;) {
      const tag = this.tag();
      if ((tag & 7) === GROUP_END) {
        if (tag >>> 3 !== field) throw this.malformed('group ends under another number');
        return;
      }
      this.skip(tag, depth);
    }
  }

  malformed(what: string): CollectorError {
    return new CollectorError('otlp_malformed', `OTLP protobuf: ${what} at byte ${this.at}`);
  }
}
