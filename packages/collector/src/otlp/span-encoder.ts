import { StatementScanner } from '@whence/model';
import type { RowWriter } from '@whence/store';
import type { SpanTimes } from '../attribution/asserted-runs.ts';
import type { Attributor, RunColumns } from '../attribution/attributor.ts';
import { actionColumnsRoom, writeActionColumns } from './action-columns.ts';
import { encodePair } from './attribute-encoder.ts';
import { writeHex } from './hex.ts';
import { KnownValues } from './known-attributes.ts';
import { RangeList } from './range-list.ts';
import { idLength, SPAN_KIND_COLUMN, STATUS_CODE_COLUMN } from './span-columns.ts';
import { BYTES, FIXED64, VARINT, type WireReader } from './wire-reader.ts';

/** Tags of opentelemetry.proto.trace.v1.Span. */
const TRACE_ID = (1 << 3) | BYTES;
const SPAN_ID = (2 << 3) | BYTES;
const TRACE_STATE = (3 << 3) | BYTES;
const PARENT_SPAN_ID = (4 << 3) | BYTES;
const NAME = (5 << 3) | BYTES;
const KIND = (6 << 3) | VARINT;
const START_TIME = (7 << 3) | FIXED64;
const END_TIME = (8 << 3) | FIXED64;
const ATTRIBUTES = (9 << 3) | BYTES;
const EVENTS = (11 << 3) | BYTES;
const LINKS = (13 << 3) | BYTES;
const STATUS = (15 << 3) | BYTES;
/** Tags of Span.Event, Span.Link and Status. */
const EVENT_TIME = (1 << 3) | FIXED64;
const EVENT_NAME = (2 << 3) | BYTES;
const EVENT_ATTRIBUTES = (3 << 3) | BYTES;
const LINK_TRACE_ID = (1 << 3) | BYTES;
const LINK_SPAN_ID = (2 << 3) | BYTES;
const LINK_TRACE_STATE = (3 << 3) | BYTES;
const LINK_ATTRIBUTES = (4 << 3) | BYTES;
const STATUS_MESSAGE = (2 << 3) | BYTES;
const STATUS_CODE = (3 << 3) | VARINT;

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

export type SpanOutcome = 'encoded' | 'no_id';

/** What all spans of one scope, and all spans of one request, have in common: columns that are encoded already. */
export interface SharedColumns {
  /** ServiceName, ResourceAttributes, ScopeName, ScopeVersion. */
  readonly scope: Uint8Array;
  /** TenantId, Actor, Witness, ReceivedAt, BatchId. */
  readonly request: Uint8Array;
}

/**
 * Turns one OTLP span into one RowBinary row of `otel_traces`. Two passes over the span: the first notes where each
 * field lies (protobuf fixes no order), the second writes the columns. No object is made per span.
 */
export class SpanEncoder {
  /** Where the known attribute values of the span encoded last lie in the output. */
  readonly known: KnownValues = new KnownValues();
  /** The attribution of the span encoded last. */
  run: RunColumns | undefined;

  private readonly scanner = new StatementScanner();
  private readonly attributes = new RangeList();
  private readonly events = new RangeList();
  private readonly links = new RangeList();
  private readonly parts = new RangeList();
  private traceId = -1;
  private spanId = -1;
  private parentSpanId = -1;
  private traceStateStart = 0;
  private traceStateEnd = 0;
  private nameStart = 0;
  private nameEnd = 0;
  private kind = 0;
  private startTime = -1;
  private endTime = -1;
  private statusCode = 0;
  private statusStart = 0;
  private statusEnd = 0;

  /**
   * Encodes the span that lies from `reader.at` to `end`; on return `reader.at` is `end`.
   *
   * @returns `no_id` where the trace or span id is missing or all zero: nothing was written.
   * @throws CollectorError `otlp_malformed`; the caller gives up what was written.
   */
  encode(
    reader: WireReader,
    end: number,
    out: RowWriter,
    shared: SharedColumns,
    attributor: Attributor,
    rowNumber: number,
  ): SpanOutcome {
    const start = reader.at;
    const outer = reader.end;
    reader.end = end;
    this.locate(reader, end);
    if (this.traceId < 0 || this.spanId < 0) {
      reader.end = outer;
      return 'no_id';
    }
    const rowStart = out.at;
    out.reserve(end - start + 256);
    this.writeHead(reader, out);
    this.writeAttributes(reader, end, out);
    this.writeEvents(reader, out);
    this.writeLinks(reader, out);
    const run = attributor.columnsFor(reader.bytes, reader.view, this.traceStateStart, this.traceStateEnd);
    out.reserve(
      actionColumnsRoom(out.at - rowStart) + shared.scope.length + run.bytes.length + shared.request.length,
    );
    writeActionColumns(this.known, out, this.scanner);
    out.raw(shared.scope);
    out.raw(run.bytes);
    out.raw(shared.request);
    out.uint32(rowNumber);
    this.run = run;
    reader.at = end;
    reader.end = outer;
    return 'encoded';
  }

  /** When the span encoded last began and ended, milliseconds since the epoch. */
  times(reader: WireReader): SpanTimes {
    return {
      startedAtMillis: millisAt(reader, this.startTime),
      endedAtMillis: millisAt(reader, this.endTime),
    };
  }

  private locate(reader: WireReader, end: number): void {
    this.traceId = this.spanId = this.parentSpanId = this.startTime = this.endTime = -1;
    this.traceStateStart = this.traceStateEnd = this.nameStart = this.nameEnd = 0;
    this.kind = this.statusCode = this.statusStart = this.statusEnd = 0;
    this.attributes.clear();
    this.events.clear();
    this.links.clear();
    while (reader.at < end) {
      const tag = reader.tag();
      switch (tag) {
        case TRACE_ID:
          this.traceId = idAt(reader, 'trace_id', TRACE_ID_BYTES);
          break;
        case SPAN_ID:
          this.spanId = idAt(reader, 'span_id', SPAN_ID_BYTES);
          break;
        case PARENT_SPAN_ID:
          this.parentSpanId = idAt(reader, 'parent_span_id', SPAN_ID_BYTES);
          break;
        case TRACE_STATE:
          this.traceStateEnd = reader.fieldEnd();
          this.traceStateStart = reader.at;
          reader.at = this.traceStateEnd;
          break;
        case NAME:
          this.nameEnd = reader.fieldEnd();
          this.nameStart = reader.at;
          reader.at = this.nameEnd;
          break;
        case KIND:
          this.kind = reader.varint();
          break;
        case START_TIME:
          this.startTime = reader.take(8);
          break;
        case END_TIME:
          this.endTime = reader.take(8);
          break;
        case ATTRIBUTES:
          notePart(reader, this.attributes);
          break;
        case EVENTS:
          notePart(reader, this.events);
          break;
        case LINKS:
          notePart(reader, this.links);
          break;
        case STATUS:
          this.locateStatus(reader, reader.fieldEnd());
          break;
        default:
          reader.skip(tag);
      }
    }
  }

  private locateStatus(reader: WireReader, end: number): void {
    const outer = reader.end;
    reader.end = end;
    while (reader.at < end) {
      const tag = reader.tag();
      if (tag === STATUS_CODE) this.statusCode = reader.varint();
      else if (tag === STATUS_MESSAGE) {
        this.statusEnd = reader.fieldEnd();
        this.statusStart = reader.at;
        reader.at = this.statusEnd;
      } else reader.skip(tag);
    }
    reader.end = outer;
  }

  /** Timestamp … StatusMessage. */
  private writeHead(reader: WireReader, out: RowWriter): void {
    const { bytes, view } = reader;
    const startLow = this.startTime < 0 ? 0 : view.getUint32(this.startTime, true);
    const startHigh = this.startTime < 0 ? 0 : view.getUint32(this.startTime + 4, true);
    out.uint64(startLow, startHigh);
    writeHex(bytes, this.traceId, TRACE_ID_BYTES, out);
    writeHex(bytes, this.spanId, SPAN_ID_BYTES, out);
    if (this.parentSpanId < 0) out.uint8(0);
    else writeHex(bytes, this.parentSpanId, SPAN_ID_BYTES, out);
    out.varint(this.traceStateEnd - this.traceStateStart);
    out.range(bytes, view, this.traceStateStart, this.traceStateEnd);
    out.varint(this.nameEnd - this.nameStart);
    out.range(bytes, view, this.nameStart, this.nameEnd);
    out.raw(SPAN_KIND_COLUMN[this.kind] ?? SPAN_KIND_COLUMN[0]!);
    this.writeDuration(view, startLow, startHigh, out);
    out.raw(STATUS_CODE_COLUMN[this.statusCode] ?? STATUS_CODE_COLUMN[0]!);
    out.varint(this.statusEnd - this.statusStart);
    out.range(bytes, view, this.statusStart, this.statusEnd);
  }

  /** End minus start in nanoseconds; 0 where the end is missing or lies before the start. */
  private writeDuration(view: DataView, startLow: number, startHigh: number, out: RowWriter): void {
    const endLow = this.endTime < 0 ? 0 : view.getUint32(this.endTime, true);
    const endHigh = this.endTime < 0 ? 0 : view.getUint32(this.endTime + 4, true);
    if (endHigh < startHigh || (endHigh === startHigh && endLow <= startLow)) out.uint64(0, 0);
    else out.uint64(endLow - startLow, endHigh - startHigh - (endLow < startLow ? 1 : 0));
  }

  private writeAttributes(reader: WireReader, end: number, out: RowWriter): void {
    const { attributes, known } = this;
    known.begin();
    out.reserve(5);
    out.varint(attributes.length);
    reader.end = end;
    for (let i = 0; i < attributes.length; i++) {
      reader.at = attributes.start[i]!;
      encodePair(reader, attributes.end[i]!, out, known);
    }
  }

  /** `Events.Timestamp`, `Events.Name`, `Events.Attributes`: three arrays of one length. */
  private writeEvents(reader: WireReader, out: RowWriter): void {
    const { events } = this;
    if (events.length === 0) {
      out.reserve(7);
      out.uint8(0);
      out.uint8(0);
      out.uint8(0);
      return;
    }
    out.reserve(15 + events.length * 8);
    out.varint(events.length);
    for (let i = 0; i < events.length; i++) {
      const time = fieldAt(reader, events, i, EVENT_TIME, this.parts);
      if (time < 0) out.uint64(0, 0);
      else out.uint64(reader.view.getUint32(time, true), reader.view.getUint32(time + 4, true));
    }
    this.writeTexts(reader, out, events, EVENT_NAME);
    this.writeMaps(reader, out, events, EVENT_ATTRIBUTES);
  }

  /** `Links.TraceId`, `Links.SpanId`, `Links.TraceState`, `Links.Attributes`: four arrays of one length. */
  private writeLinks(reader: WireReader, out: RowWriter): void {
    const { links } = this;
    if (links.length === 0) {
      out.reserve(4);
      out.uint32(0);
      return;
    }
    this.writeIds(reader, out, LINK_TRACE_ID, TRACE_ID_BYTES);
    this.writeIds(reader, out, LINK_SPAN_ID, SPAN_ID_BYTES);
    this.writeTexts(reader, out, links, LINK_TRACE_STATE);
    this.writeMaps(reader, out, links, LINK_ATTRIBUTES);
  }

  private writeIds(reader: WireReader, out: RowWriter, tag: number, idBytes: number): void {
    const { links, parts } = this;
    out.reserve(5 + links.length * (idBytes * 2 + 1));
    out.varint(links.length);
    for (let i = 0; i < links.length; i++) {
      const at = fieldAt(reader, links, i, tag, parts);
      const length = at < 0 ? 0 : parts.end[parts.length - 1]! - at;
      if (length !== 0 && length !== idBytes) throw idLength('link id', length, idBytes);
      if (length === 0) out.uint8(0);
      else writeHex(reader.bytes, at, idBytes, out);
    }
  }

  private writeTexts(reader: WireReader, out: RowWriter, messages: RangeList, tag: number): void {
    out.reserve(5);
    out.varint(messages.length);
    for (let i = 0; i < messages.length; i++) {
      const at = fieldAt(reader, messages, i, tag, this.parts);
      const end = at < 0 ? at : this.parts.end[this.parts.length - 1]!;
      out.reserve(end - at + 5);
      out.varint(end - at);
      if (at >= 0) out.range(reader.bytes, reader.view, at, end);
    }
  }

  private writeMaps(reader: WireReader, out: RowWriter, messages: RangeList, tag: number): void {
    const { parts } = this;
    out.reserve(5);
    out.varint(messages.length);
    for (let i = 0; i < messages.length; i++) {
      fieldAt(reader, messages, i, tag, parts);
      out.reserve(5);
      out.varint(parts.length);
      reader.end = messages.end[i]!;
      for (let j = 0; j < parts.length; j++) {
        reader.at = parts.start[j]!;
        encodePair(reader, parts.end[j]!, out, undefined);
      }
    }
  }
}

const notePart = (reader: WireReader, list: RangeList): void => {
  const end = reader.fieldEnd();
  list.push(reader.at, end);
  reader.at = end;
};

/** Where an id lies; -1 where it is empty or all zero. */
const idAt = (reader: WireReader, field: string, expected: number): number => {
  const end = reader.fieldEnd();
  const start = reader.at;
  reader.at = end;
  if (end === start) return -1;
  if (end - start !== expected) throw idLength(field, end - start, expected);
  for (let i = start; i < end; i++) if (reader.bytes[i] !== 0) return start;
  return -1;
};

/** Nanoseconds at that offset as milliseconds; no later than a Date can hold. */
const millisAt = (reader: WireReader, offset: number): number =>
  offset < 0 ? 0 : Math.min(Number(reader.view.getBigUint64(offset, true) / 1_000_000n), 8.64e15);

/** Notes in `found` every occurrence of a field within message `index`, and returns where the last lies, or -1. */
const fieldAt = (
  reader: WireReader,
  messages: RangeList,
  index: number,
  wanted: number,
  found: RangeList,
): number => {
  found.clear();
  const end = messages.end[index]!;
  reader.at = messages.start[index]!;
  reader.end = end;
  while (reader.at < end) {
    const tag = reader.tag();
    if (tag !== wanted) reader.skip(tag);
    else if ((tag & 7) === BYTES) notePart(reader, found);
    else found.push(reader.take(8), reader.at);
  }
  return found.length === 0 ? -1 : found.start[found.length - 1]!;
};
