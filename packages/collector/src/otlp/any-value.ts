import { BYTES, FIXED64, VARINT, type WireReader } from './wire-reader.ts';

/** Fields of opentelemetry.proto.common.v1.AnyValue. */
const STRING_VALUE = (1 << 3) | BYTES;
const BOOL_VALUE = (2 << 3) | VARINT;
const INT_VALUE = (3 << 3) | VARINT;
const DOUBLE_VALUE = (4 << 3) | FIXED64;
const ARRAY_VALUE = (5 << 3) | BYTES;
const KVLIST_VALUE = (6 << 3) | BYTES;
const BYTES_VALUE = (7 << 3) | BYTES;

const REPEATED_FIELD_1 = (1 << 3) | BYTES;
const KEY = (1 << 3) | BYTES;
const VALUE = (2 << 3) | BYTES;

const MAX_DEPTH = 64;

/**
 * The text of the AnyValue that spans `reader.at` to `end`, as the OpenTelemetry Collector writes attribute values
 * into ClickHouse: scalars as text, bytes as base64, arrays and maps as JSON. An empty value is the empty text.
 */
export const anyValueText = (reader: WireReader, end: number): string => {
  const value = readAnyValue(reader, end, 0);
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  return value instanceof JsonText ? value.text : String(value);
};

/** JSON that is already text: 64-bit integers keep every digit. */
class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | bigint | boolean | JsonText | undefined;

const readAnyValue = (reader: WireReader, end: number, depth: number): Value => {
  if (depth > MAX_DEPTH) throw reader.malformed('attribute value nested deeper than 64');
  const outer = reader.end;
  reader.end = end;
  let value: Value;
  while (reader.at < end) {
    const tag = reader.tag();
    if (tag === STRING_VALUE) value = utf8(reader);
    else if (tag === BOOL_VALUE) value = reader.varint() !== 0;
    else if (tag === INT_VALUE) value = int64(reader);
    else if (tag === DOUBLE_VALUE) value = reader.view.getFloat64(reader.take(8), true);
    else if (tag === ARRAY_VALUE) value = readArray(reader, reader.fieldEnd(), depth + 1);
    else if (tag === KVLIST_VALUE) value = readMap(reader, reader.fieldEnd(), depth + 1);
    else if (tag === BYTES_VALUE) value = fieldBytes(reader).toString('base64');
    else reader.skip(tag);
  }
  reader.end = outer;
  return value;
};

const readArray = (reader: WireReader, end: number, depth: number): JsonText => {
  const items: string[] = [];
  eachField(reader, end, (tag) => {
    if (tag !== REPEATED_FIELD_1) return false;
    items.push(jsonOf(readAnyValue(reader, reader.fieldEnd(), depth)));
    return true;
  });
  return new JsonText(`[${items.join(',')}]`);
};

const readMap = (reader: WireReader, end: number, depth: number): JsonText => {
  const items: string[] = [];
  eachField(reader, end, (tag) => {
    if (tag !== REPEATED_FIELD_1) return false;
    items.push(readPair(reader, reader.fieldEnd(), depth));
    return true;
  });
  return new JsonText(`{${items.join(',')}}`);
};

const readPair = (reader: WireReader, end: number, depth: number): string => {
  let key = '';
  let value: Value;
  eachField(reader, end, (tag) => {
    if (tag === KEY) key = utf8(reader);
    else if (tag === VALUE) value = readAnyValue(reader, reader.fieldEnd(), depth);
    else return false;
    return true;
  });
  return `${JSON.stringify(key)}:${jsonOf(value)}`;
};

/** Calls `read` for each field up to `end`; fields for which it returns false are passed over. */
const eachField = (reader: WireReader, end: number, read: (tag: number) => boolean): void => {
  const outer = reader.end;
  reader.end = end;
  while (reader.at < end) {
    const tag = reader.tag();
    if (!read(tag)) reader.skip(tag);
  }
  reader.end = outer;
};

const jsonOf = (value: Value): string => {
  if (value === undefined) return 'null';
  if (value instanceof JsonText) return value.text;
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`;
  return JSON.stringify(value);
};

const int64 = (reader: WireReader): bigint => {
  const low = reader.varint64();
  return BigInt.asIntN(64, (BigInt(reader.high) << 32n) | BigInt(low));
};

const utf8 = (reader: WireReader): string => fieldBytes(reader).toString('utf8');

const fieldBytes = (reader: WireReader): Buffer => {
  const end = reader.fieldEnd();
  const start = reader.at;
  reader.at = end;
  return Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset + start, end - start);
};
