import { RowWriter } from '@whence/store';
import type { SpanTimes } from '../attribution/asserted-runs.ts';
import type { Attributor, RunColumns } from '../attribution/attributor.ts';
import { encodePair } from './attribute-encoder.ts';
import { expandsTooFar, expansionMaxBytes } from './expansion.ts';
import { KnownValues, SLOT } from './known-attributes.ts';
import { RangeList } from './range-list.ts';
import { SpanEncoder } from './span-encoder.ts';
import { BYTES, WireReader } from './wire-reader.ts';

/** Tags of ExportTraceServiceRequest, ResourceSpans and ScopeSpans. */
const RESOURCE_SPANS = (1 << 3) | BYTES;
const RESOURCE = (1 << 3) | BYTES;
const SCOPE_SPANS = (2 << 3) | BYTES;
const SCOPE = (1 << 3) | BYTES;
const SPANS = (2 << 3) | BYTES;
/** Tags of Resource and InstrumentationScope. */
const RESOURCE_ATTRIBUTES = (1 << 3) | BYTES;
const SCOPE_NAME = (1 << 3) | BYTES;
const SCOPE_VERSION = (2 << 3) | BYTES;

/** Told of every span that was encoded, while its values can still be read. */
export interface SpanListener {
  /** `bytes` is the output; `known` says where the values of known attributes lie in it. */
  span(run: RunColumns, known: KnownValues, bytes: Uint8Array, times: () => SpanTimes): void;
}

export interface Transcoded {
  /** Rows written. */
  readonly rows: number;
  /** Spans without a trace or span id: they can never be referred to, and were left out. */
  readonly withoutId: number;
}

/**
 * The one pass from an OTLP `ExportTraceServiceRequest` (protobuf) to RowBinary rows of `otel_traces`.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
export class TraceTranscoder {
  private readonly reader = new WireReader();
  private readonly spanEncoder = new SpanEncoder();
  private readonly scopeWriter = new RowWriter();
  private readonly resourceWriter = new RowWriter();
  private readonly known = new KnownValues();
  private readonly resources = new RangeList();
  private readonly scopes = new RangeList();
  private readonly parts = new RangeList();

  /**
   * Appends the rows of `body` to `out`.
   *
   * @param request TenantId, Actor, Witness, ReceivedAt, BatchId: encoded already.
   * @param firstRow RowNumber of the first row.
   * @throws CollectorError `otlp_malformed` where the body is not valid protobuf of that message, or where its rows would
   * be out of all proportion to it; what was appended until then is for the caller to give up.
   */
  transcode(
    body: Uint8Array,
    out: RowWriter,
    request: Uint8Array,
    attributor: Attributor,
    firstRow: number,
    listener: SpanListener,
  ): Transcoded {
    const { reader, resources, scopes, spanEncoder } = this;
    reader.open(body);
    resources.clear();
    collect(reader, body.length, RESOURCE_SPANS, resources);
    const outMax = out.at + expansionMaxBytes(body.length);
    const times = (): SpanTimes => spanEncoder.times(reader);
    let rows = 0;
    let withoutId = 0;
    for (let r = 0; r < resources.length; r++) {
      const resourceEnd = resources.end[r]!;
      scopes.clear();
      within(reader, resources.start[r]!, resourceEnd);
      collect(reader, resourceEnd, SCOPE_SPANS, scopes);
      this.encodeResource(resources.start[r]!, resourceEnd);
      for (let s = 0; s < scopes.length; s++) {
        const scopeEnd = scopes.end[s]!;
        const shared = { scope: this.encodeScope(scopes.start[s]!, scopeEnd), request };
        within(reader, scopes.start[s]!, scopeEnd);
        while (reader.at < scopeEnd) {
          const tag = reader.tag();
          if (tag !== SPANS) {
            reader.skip(tag);
            continue;
          }
          const end = reader.fieldEnd();
          const outcome = spanEncoder.encode(reader, end, out, shared, attributor, firstRow + rows);
          if (outcome === 'no_id') {
            withoutId++;
            continue;
          }
          if (out.at > outMax) throw expandsTooFar(body.length);
          rows++;
          listener.span(spanEncoder.run!, spanEncoder.known, out.bytes, times);
        }
      }
    }
    return { rows, withoutId };
  }

  /** ServiceName, ResourceAttributes. */
  private encodeResource(start: number, end: number): void {
    const { reader, known, parts, resourceWriter, scopeWriter } = this;
    scopeWriter.reset();
    parts.clear();
    known.begin();
    within(reader, start, end);
    while (reader.at < end) {
      const tag = reader.tag();
      if (tag !== RESOURCE) reader.skip(tag);
      else {
        const resourceEnd = reader.fieldEnd();
        const outer = reader.end;
        reader.end = resourceEnd;
        collect(reader, resourceEnd, RESOURCE_ATTRIBUTES, parts);
        reader.end = outer;
      }
    }
    within(reader, start, end);
    scopeWriter.reserve(5);
    scopeWriter.varint(parts.length);
    for (let i = 0; i < parts.length; i++) {
      reader.at = parts.start[i]!;
      encodePair(reader, parts.end[i]!, scopeWriter, known);
    }
    const service = known.text(SLOT.serviceName, scopeWriter.bytes) ?? '';
    resourceWriter.reset();
    resourceWriter.string(service);
    resourceWriter.reserve(scopeWriter.at);
    resourceWriter.raw(scopeWriter.written());
  }

  /** The resource's columns, then ScopeName and ScopeVersion. */
  private encodeScope(start: number, end: number): Uint8Array {
    const { reader, resourceWriter, scopeWriter } = this;
    let nameStart = 0;
    let nameEnd = 0;
    let versionStart = 0;
    let versionEnd = 0;
    within(reader, start, end);
    while (reader.at < end) {
      const tag = reader.tag();
      if (tag !== SCOPE) {
        reader.skip(tag);
        continue;
      }
      const scopeEnd = reader.fieldEnd();
      reader.end = scopeEnd;
      while (reader.at < scopeEnd) {
        const field = reader.tag();
        if (field === SCOPE_NAME) {
          nameEnd = reader.fieldEnd();
          nameStart = reader.at;
          reader.at = nameEnd;
        } else if (field === SCOPE_VERSION) {
          versionEnd = reader.fieldEnd();
          versionStart = reader.at;
          reader.at = versionEnd;
        } else reader.skip(field);
      }
      reader.end = end;
    }
    scopeWriter.reset();
    scopeWriter.reserve(resourceWriter.at + nameEnd - nameStart + versionEnd - versionStart + 10);
    scopeWriter.raw(resourceWriter.written());
    scopeWriter.varint(nameEnd - nameStart);
    scopeWriter.range(reader.bytes, reader.view, nameStart, nameEnd);
    scopeWriter.varint(versionEnd - versionStart);
    scopeWriter.range(reader.bytes, reader.view, versionStart, versionEnd);
    return scopeWriter.copyOut();
  }
}

const within = (reader: WireReader, start: number, end: number): void => {
  reader.at = start;
  reader.end = end;
};

/** Notes where every occurrence of a field lies, and passes over the others. */
const collect = (reader: WireReader, end: number, wanted: number, found: RangeList): void => {
  while (reader.at < end) {
    const tag = reader.tag();
    if (tag !== wanted) {
      reader.skip(tag);
      continue;
    }
    const fieldEnd = reader.fieldEnd();
    found.push(reader.at, fieldEnd);
    reader.at = fieldEnd;
  }
};
