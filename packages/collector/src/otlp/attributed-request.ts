import type { Attributor, RunColumns } from '../attribution/attributor.ts';
import { expandsTooFar, expansionMaxBytes } from './expansion.ts';
import { BYTES, WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

const RESOURCE_SPANS = (1 << 3) | BYTES;
const SCOPE_SPANS = (2 << 3) | BYTES;
const SPANS = (2 << 3) | BYTES;
const TRACE_STATE = (3 << 3) | BYTES;
const ATTRIBUTES = (9 << 3) | BYTES;
const KEY = (1 << 3) | BYTES;

/** Every attribute that the collector adds begins so; what a sender wrote under it is left out. */
export const ATTRIBUTED_PREFIX = 'whence.attributed.';

const PREFIX = Buffer.from(ATTRIBUTED_PREFIX);

/** The KeyValue fields to add to a span of that attribution. */
export type AttributesFor = (columns: RunColumns) => Uint8Array;

/**
 * An OTLP trace request with the collector's attribution added to each span, byte for byte the same otherwise: for a
 * back end that shall see what Whence knows. Lengths of the messages around are written anew.
 *
 * @throws CollectorError `otlp_malformed`
 */
export const attributedRequest = (
  body: Uint8Array,
  attributor: Attributor,
  attributesFor: AttributesFor,
): Uint8Array => {
  const reader = new WireReader();
  reader.open(body);
  let left = expansionMaxBytes(body.length);
  const span = (end: number): Uint8Array => {
    const attributed = attributedSpan(reader, end, attributor, attributesFor);
    left -= attributed.length;
    if (left < 0) throw expandsTooFar(body.length);
    return attributed;
  };
  const scope = (end: number): Uint8Array => mapField(reader, end, SPANS, span);
  const resource = (end: number): Uint8Array => mapField(reader, end, SCOPE_SPANS, scope);
  return mapField(reader, body.length, RESOURCE_SPANS, resource);
};

/** The message up to `end`, one of its fields replaced by what `map` makes of it. */
const mapField = (
  reader: WireReader,
  end: number,
  wanted: number,
  map: (end: number) => Uint8Array,
): Uint8Array => {
  const outer = reader.end;
  reader.end = end;
  const writer = new WireWriter();
  while (reader.at < end) {
    const start = reader.at;
    const tag = reader.tag();
    if (tag === wanted) writer.bytes(tag >>> 3, map(reader.fieldEnd()));
    else {
      reader.skip(tag);
      writer.raw(reader.bytes.subarray(start, reader.at));
    }
  }
  reader.end = outer;
  return writer.finish();
};

const attributedSpan = (
  reader: WireReader,
  end: number,
  attributor: Attributor,
  attributesFor: AttributesFor,
): Uint8Array => {
  const outer = reader.end;
  reader.end = end;
  const writer = new WireWriter();
  let stateStart = 0;
  let stateEnd = 0;
  while (reader.at < end) {
    const start = reader.at;
    const tag = reader.tag();
    if (tag === TRACE_STATE) {
      stateEnd = reader.fieldEnd();
      stateStart = reader.at;
      reader.at = stateEnd;
    } else if (tag === ATTRIBUTES) {
      const pairEnd = reader.fieldEnd();
      const reserved = isReserved(reader, pairEnd);
      reader.at = pairEnd;
      if (reserved) continue;
    } else reader.skip(tag);
    writer.raw(reader.bytes.subarray(start, reader.at));
  }
  reader.end = outer;
  writer.raw(attributesFor(attributor.columnsFor(reader.bytes, reader.view, stateStart, stateEnd)));
  return writer.finish();
};

/** Whether the KeyValue up to `end` has a key of ours. */
const isReserved = (reader: WireReader, end: number): boolean => {
  const outer = reader.end;
  reader.end = end;
  let reserved = false;
  while (reader.at < end) {
    const tag = reader.tag();
    if (tag !== KEY) {
      reader.skip(tag);
      continue;
    }
    const keyEnd = reader.fieldEnd();
    reserved = PREFIX.equals(reader.bytes.subarray(reader.at, Math.min(keyEnd, reader.at + PREFIX.length)));
    reader.at = keyEnd;
  }
  reader.end = outer;
  return reserved;
};
