import type { RowWriter } from '@whence/store';
import { anyValueText } from './any-value.ts';
import { type KnownValues, slotOf } from './known-attributes.ts';
import { BYTES, VARINT, type WireReader } from './wire-reader.ts';

/** Fields of opentelemetry.proto.common.v1.KeyValue and of AnyValue's two cheap cases. */
const KEY = (1 << 3) | BYTES;
const VALUE = (2 << 3) | BYTES;
const STRING_VALUE = (1 << 3) | BYTES;
const INT_VALUE = (3 << 3) | VARINT;

/** Enough for the text of any wire bytes but escaped JSON, which makes room for itself. */
const roomFor = (wireBytes: number): number => wireBytes * 3 + 16;

/**
 * Writes one KeyValue (from `reader.at` to `end`) as a pair of a `Map(LowCardinality(String), String)`, and notes in
 * `known` where the value of a known key went. Makes room for itself.
 */
export const encodePair = (
  reader: WireReader,
  end: number,
  out: RowWriter,
  known: KnownValues | undefined,
): void => {
  out.reserve(roomFor(end - reader.at));
  if (!encodeShortPair(reader, end, out, known)) encodeAnyPair(reader, end, out, known);
  reader.at = end;
};

/**
 * The pair as every exporter writes it: a short key, then a value. A length below 128 is one byte, the same on the wire
 * and in the row, so that length and text are copied as one.
 */
const encodeShortPair = (
  reader: WireReader,
  end: number,
  out: RowWriter,
  known: KnownValues | undefined,
): boolean => {
  const { bytes, view, at } = reader;
  const keyLength = bytes[at + 1]!;
  const valueAt = at + 2 + keyLength;
  if (bytes[at] !== KEY || keyLength >= 0x80 || valueAt + 2 > end || bytes[valueAt] !== VALUE) return false;
  const valueStart = valueAt + 2;
  if (bytes[valueAt + 1]! >= 0x80 || valueStart + bytes[valueAt + 1]! !== end) return false;
  out.range(bytes, view, at + 1, valueAt);
  if (bytes[valueStart] === STRING_VALUE && valueStart + 2 + bytes[valueStart + 1]! === end) {
    textStart = out.at + 1;
    out.range(bytes, view, valueStart + 1, end);
  } else {
    reader.at = valueStart;
    writeText(reader, end, out);
  }
  if (known !== undefined) {
    const slot = slotOf(view, at + 2, keyLength);
    if (slot >= 0) known.set(slot, textStart, out.at);
  }
  return true;
};

/** Fields in any order, any number of times: the last one counts. */
const encodeAnyPair = (
  reader: WireReader,
  end: number,
  out: RowWriter,
  known: KnownValues | undefined,
): void => {
  const { bytes } = reader;
  const outer = reader.end;
  reader.end = end;
  let keyStart = 0;
  let keyLength = 0;
  let valueStart = -1;
  let valueEnd = -1;
  while (reader.at < end) {
    const tag = reader.tag();
    if (tag === KEY) {
      const keyEnd = reader.fieldEnd();
      keyStart = reader.at;
      keyLength = keyEnd - keyStart;
      reader.at = keyEnd;
    } else if (tag === VALUE) {
      valueEnd = reader.fieldEnd();
      valueStart = reader.at;
      reader.at = valueEnd;
    } else {
      reader.skip(tag);
    }
  }
  out.varint(keyLength);
  out.range(bytes, reader.view, keyStart, keyStart + keyLength);
  if (valueStart < 0) {
    out.uint8(0);
    textStart = out.at;
  } else {
    reader.at = valueStart;
    writeText(reader, valueEnd, out);
  }
  if (known !== undefined) {
    const slot = slotOf(reader.view, keyStart, keyLength);
    if (slot >= 0) known.set(slot, textStart, out.at);
  }
  reader.end = outer;
};

/** Where the text written last begins, behind its length. */
let textStart = 0;

const writeText = (reader: WireReader, end: number, out: RowWriter): void => {
  const { bytes, at } = reader;
  const tag = at < end ? bytes[at]! : 0;
  if (tag === INT_VALUE) {
    reader.at = at + 1;
    const value = reader.varint64();
    if (reader.high === 0 && reader.at === end) {
      writeInteger(value, out);
      return;
    }
    reader.at = at;
  }
  writeSlow(reader, end, out);
};

/** Digits of an unsigned 32-bit integer. */
const writeInteger = (value: number, out: RowWriter): void => {
  let digits = 1;
  for (let limit = 10; digits < 10 && value >= limit; limit *= 10) digits++;
  out.uint8(digits);
  textStart = out.at;
  let rest = value;
  for (let i = out.at + digits - 1; i >= textStart; i--) {
    const tens = Math.floor(rest / 10);
    out.bytes[i] = 0x30 + rest - tens * 10;
    rest = tens;
  }
  out.at += digits;
};

/** Long strings, 64-bit integers, and everything that becomes JSON. */
const writeSlow = (reader: WireReader, end: number, out: RowWriter): void => {
  const { bytes, at } = reader;
  if (at < end && bytes[at] === STRING_VALUE) {
    reader.at = at + 1;
    const stringEnd = reader.fieldEnd();
    if (stringEnd === end) {
      out.varint(end - reader.at);
      textStart = out.at;
      out.range(bytes, reader.view, reader.at, end);
      return;
    }
    reader.at = at;
  }
  const text = Buffer.from(anyValueText(reader, end), 'utf8');
  out.reserve(text.length + 5);
  out.varint(text.length);
  textStart = out.at;
  out.raw(text);
};
