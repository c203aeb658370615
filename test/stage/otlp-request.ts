import { randomBytes } from 'node:crypto';
import protobuf from 'protobufjs';

/** OTLP traces as OTLP/JSON writes them (opentelemetry-proto 1.9): ids in hex, 64-bit integers as text. */
export interface OtlpRequest {
  readonly resourceSpans: readonly OtlpResourceSpans[];
}

export interface OtlpResourceSpans {
  readonly resource?: { readonly attributes: readonly OtlpAttribute[] };
  readonly scopeSpans: readonly {
    readonly scope?: { readonly name: string; readonly version?: string };
    readonly spans: readonly OtlpSpan[];
  }[];
}

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly events?: readonly {
    readonly timeUnixNano: string;
    readonly name: string;
    readonly attributes?: readonly OtlpAttribute[];
  }[];
  readonly links?: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly traceState?: string;
    readonly attributes?: readonly OtlpAttribute[];
  }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

export interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

export type OtlpValue = {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number | 'NaN' | 'Infinity' | '-Infinity';
  readonly arrayValue?: { readonly values: readonly OtlpValue[] };
  readonly kvlistValue?: { readonly values: readonly OtlpAttribute[] };
  /** Base64. */
  readonly bytesValue?: string;
};

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message Scope { string name = 1; string version = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
    int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; repeated Event events = 11; repeated Link links = 13; Status status = 15;
  }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
  message AnyValue {
    oneof value {
      string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
      ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
    }
  }
  message Response { PartialSuccess partial_success = 1; }
  message PartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
  message RpcStatus { int32 code = 1; string message = 2; }
`);
const Request = root.lookupType('Request');

const ID_KEYS = new Set(['traceId', 'spanId', 'parentSpanId']);

/** The same request in protobuf, by a library that is not ours. */
export const protobufOf = (request: OtlpRequest): Uint8Array => {
  const withBytes = JSON.parse(JSON.stringify(request), (key, value: unknown) =>
    ID_KEYS.has(key) ? Buffer.from(value as string, 'hex').toString('base64') : value,
  ) as Record<string, unknown>;
  return Request.encode(Request.fromObject(withBytes)).finish();
};

/** What protobuf bytes say, in OTLP/JSON's words. */
export const requestFrom = (bytes: Uint8Array): OtlpRequest => {
  const base64 = Request.toObject(Request.decode(bytes), { longs: String, bytes: String, arrays: true });
  return JSON.parse(JSON.stringify(base64), (key, value: unknown) =>
    ID_KEYS.has(key) ? Buffer.from(value as string, 'base64').toString('hex') : value,
  ) as OtlpRequest;
};

export const jsonOf = (request: OtlpRequest): Buffer => Buffer.from(JSON.stringify(request));

/** What an answer says, whatever its encoding. */
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
}

export interface ExportResponse {
  readonly partialSuccess?: { readonly rejectedSpans?: string; readonly errorMessage?: string };
}

/** @throws where the bytes are no google.rpc.Status of that encoding */
export const rpcStatusOf = (contentType: string | undefined, body: Buffer): RpcStatus =>
  decoded('RpcStatus', contentType, body) as RpcStatus;

export const exportResponseOf = (contentType: string | undefined, body: Buffer): ExportResponse =>
  decoded('Response', contentType, body) as ExportResponse;

const decoded = (type: string, contentType: string | undefined, body: Buffer): unknown => {
  if (contentType === 'application/json') return JSON.parse(body.toString('utf8'));
  if (contentType !== 'application/x-protobuf') throw new Error(`content type ${contentType}`);
  const message = root.lookupType(type);
  return message.toObject(message.decode(body), { longs: String });
};

export const newTraceId = (): string => randomBytes(16).toString('hex');
export const newSpanId = (): string => randomBytes(8).toString('hex');

/** A span with ids of its own that ended just now. */
export const newSpan = (span: Partial<OtlpSpan> = {}): OtlpSpan => {
  const now = BigInt(Date.now()) * 1_000_000n;
  return {
    traceId: newTraceId(),
    spanId: newSpanId(),
    name: 'work',
    kind: 1,
    startTimeUnixNano: String(now - 5_000_000n),
    endTimeUnixNano: String(now),
    ...span,
  };
};

export const newSpans = (count: number, span: Partial<OtlpSpan> = {}): OtlpSpan[] =>
  Array.from({ length: count }, () => newSpan(span));

export const requestWith = (spans: readonly OtlpSpan[], service = 'test-service'): OtlpRequest => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeSpans: [{ scope: { name: 'test', version: '1.0' }, spans }],
    },
  ],
});
