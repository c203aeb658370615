import protobuf from 'protobufjs';

/** The part of OTLP that the tests look at (opentelemetry-proto 1.9, trace.proto and common.proto). */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
    Status status = 15;
  }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; int64 int_value = 3; } }
`);
const request = root.lookupType('Request');

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly durationNanos: number;
  /** 2 is an error. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly service: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface WireAttribute {
  readonly key: string;
  readonly value?: { readonly stringValue?: string; readonly intValue?: string };
}

interface WireSpan {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId: Buffer;
  readonly traceState: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly WireAttribute[];
  readonly status?: { readonly code: number; readonly message: string };
}

interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes: readonly WireAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

export const spansIn = (body: Uint8Array): ReceivedSpan[] => {
  const options = { longs: String, bytes: Buffer, defaults: true };
  const { resourceSpans } = request.toObject(request.decode(body), options) as unknown as WireRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = attributesOf(resource?.attributes ?? [])['service.name'] ?? '';
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => received(span, service)));
  });
};

const received = (span: WireSpan, service: string): ReceivedSpan => ({
  traceId: span.traceId.toString('hex'),
  spanId: span.spanId.toString('hex'),
  parentSpanId: span.parentSpanId.toString('hex'),
  traceState: span.traceState,
  name: span.name,
  durationNanos: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)),
  statusCode: span.status?.code ?? 0,
  statusMessage: span.status?.message ?? '',
  service,
  attributes: attributesOf(span.attributes),
});

const attributesOf = (attributes: readonly WireAttribute[]): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value?.stringValue ?? value?.intValue ?? '']));
