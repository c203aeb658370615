import protobuf from 'protobufjs';

/** The part of OTLP traces that the tests look at (opentelemetry-proto, trace/v1). */
const SCHEMA = `
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Scope { string name = 1; }
message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; }
message Event { string name = 2; repeated KeyValue attributes = 3; }
message Status { string message = 2; int32 code = 3; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; repeated Event events = 11;
  repeated Link links = 13; Status status = 15;
}
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
`;

export type AttributeValue = string | number | boolean | AttributeValue[];

export interface SinkSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  /** As on the wire: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly events: readonly string[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly traceState: string;
    readonly attributes: Readonly<Record<string, AttributeValue>>;
  }[];
  /** 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message: string };
  readonly scope: string;
  readonly resource: Readonly<Record<string, AttributeValue>>;
}

interface AnyValue {
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly AnyValue[] } | null;
}

interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

interface Decoded {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] } | null;
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string } | null;
      readonly spans: readonly DecodedSpan[];
    }[];
  }[];
}

interface DecodedLink {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly traceState: string;
  readonly attributes: readonly KeyValue[];
}

interface DecodedSpan extends DecodedLink {
  readonly parentSpanId: Uint8Array;
  readonly name: string;
  readonly kind: number;
  readonly events: readonly { readonly name: string }[];
  readonly links: readonly DecodedLink[];
  readonly status: { readonly code: number; readonly message: string } | null;
}

const request = protobuf.parse(SCHEMA).root.lookupType('ExportTraceServiceRequest');

export const spansOf = (body: Uint8Array): SinkSpan[] => {
  const { resourceSpans } = request.toObject(request.decode(body), {
    longs: Number,
    defaults: true,
    arrays: true,
  }) as unknown as Decoded;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        ...linkOf(span),
        parentSpanId: hex(span.parentSpanId),
        name: span.name,
        kind: span.kind,
        events: span.events.map(({ name }) => name),
        links: span.links.map(linkOf),
        status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
        scope: scope?.name ?? '',
        resource: attributesOf(resource?.attributes ?? []),
      })),
    ),
  );
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const linkOf = ({ traceId, spanId, traceState, attributes }: DecodedLink): SinkSpan['links'][number] => ({
  traceId: hex(traceId),
  spanId: hex(spanId),
  traceState,
  attributes: attributesOf(attributes),
});

const attributesOf = (pairs: readonly KeyValue[]): Record<string, AttributeValue> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, anyValueOf(value)]));

const anyValueOf = ({
  arrayValue,
  stringValue,
  intValue,
  doubleValue,
  boolValue,
}: AnyValue): AttributeValue =>
  arrayValue?.values.map(anyValueOf) ?? stringValue ?? intValue ?? doubleValue ?? boolValue ?? '';
