import protobuf from 'protobufjs';

/** The field table of OTLP traces, for the protobuf library that our reader is checked against. */
const field = (id: number, type: string, rule?: 'repeated') =>
  rule === undefined ? { id, type } : { id, type, rule };

const root = protobuf.Root.fromJSON({
  nested: {
    ExportTraceServiceRequest: { fields: { resourceSpans: field(1, 'ResourceSpans', 'repeated') } },
    ResourceSpans: {
      fields: {
        resource: field(1, 'Resource'),
        scopeSpans: field(2, 'ScopeSpans', 'repeated'),
        schemaUrl: field(3, 'string'),
      },
    },
    Resource: {
      fields: { attributes: field(1, 'KeyValue', 'repeated'), droppedAttributesCount: field(2, 'uint32') },
    },
    ScopeSpans: {
      fields: {
        scope: field(1, 'InstrumentationScope'),
        spans: field(2, 'Span', 'repeated'),
        schemaUrl: field(3, 'string'),
      },
    },
    InstrumentationScope: {
      fields: {
        name: field(1, 'string'),
        version: field(2, 'string'),
        attributes: field(3, 'KeyValue', 'repeated'),
        droppedAttributesCount: field(4, 'uint32'),
      },
    },
    Span: {
      fields: {
        traceId: field(1, 'bytes'),
        spanId: field(2, 'bytes'),
        traceState: field(3, 'string'),
        parentSpanId: field(4, 'bytes'),
        name: field(5, 'string'),
        kind: field(6, 'int32'),
        startTimeUnixNano: field(7, 'fixed64'),
        endTimeUnixNano: field(8, 'fixed64'),
        attributes: field(9, 'KeyValue', 'repeated'),
        droppedAttributesCount: field(10, 'uint32'),
        events: field(11, 'Event', 'repeated'),
        droppedEventsCount: field(12, 'uint32'),
        links: field(13, 'Link', 'repeated'),
        droppedLinksCount: field(14, 'uint32'),
        status: field(15, 'Status'),
        flags: field(16, 'fixed32'),
      },
    },
    Event: {
      fields: {
        timeUnixNano: field(1, 'fixed64'),
        name: field(2, 'string'),
        attributes: field(3, 'KeyValue', 'repeated'),
        droppedAttributesCount: field(4, 'uint32'),
      },
    },
    Link: {
      fields: {
        traceId: field(1, 'bytes'),
        spanId: field(2, 'bytes'),
        traceState: field(3, 'string'),
        attributes: field(4, 'KeyValue', 'repeated'),
        droppedAttributesCount: field(5, 'uint32'),
        flags: field(6, 'fixed32'),
      },
    },
    Status: { fields: { message: field(2, 'string'), code: field(3, 'int32') } },
    KeyValue: { fields: { key: field(1, 'string'), value: field(2, 'AnyValue') } },
    AnyValue: {
      oneofs: {
        value: {
          oneof: [
            'stringValue',
            'boolValue',
            'intValue',
            'doubleValue',
            'arrayValue',
            'kvlistValue',
            'bytesValue',
          ],
        },
      },
      fields: {
        stringValue: field(1, 'string'),
        boolValue: field(2, 'bool'),
        intValue: field(3, 'int64'),
        doubleValue: field(4, 'double'),
        arrayValue: field(5, 'ArrayValue'),
        kvlistValue: field(6, 'KeyValueList'),
        bytesValue: field(7, 'bytes'),
      },
    },
    ArrayValue: { fields: { values: field(1, 'AnyValue', 'repeated') } },
    KeyValueList: { fields: { values: field(1, 'KeyValue', 'repeated') } },
    RpcStatus: { fields: { code: field(1, 'int32'), message: field(2, 'string') } },
    ExportTraceServiceResponse: { fields: { partialSuccess: field(1, 'ExportTracePartialSuccess') } },
    ExportTracePartialSuccess: {
      fields: { rejectedSpans: field(1, 'int64'), errorMessage: field(2, 'string') },
    },
  },
});

const REQUEST = root.lookupType('ExportTraceServiceRequest');

export interface OracleValue {
  stringValue?: string;
  boolValue?: boolean;
  /** Decimal. */
  intValue?: string;
  doubleValue?: number;
  arrayValue?: { values: OracleValue[] };
  kvlistValue?: { values: OraclePair[] };
  bytesValue?: Uint8Array;
}

export interface OraclePair {
  key: string;
  value?: OracleValue;
}

export interface OracleSpan {
  traceId: Uint8Array;
  spanId: Uint8Array;
  traceState: string;
  parentSpanId: Uint8Array;
  name: string;
  kind: number;
  /** Decimal. */
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: OraclePair[];
  events: { timeUnixNano: string; name: string; attributes: OraclePair[] }[];
  links: { traceId: Uint8Array; spanId: Uint8Array; traceState: string; attributes: OraclePair[] }[];
  status?: { message: string; code: number };
}

export interface OracleRequest {
  resourceSpans: {
    resource?: { attributes: OraclePair[] };
    scopeSpans: { scope?: { name: string; version: string }; spans: OracleSpan[] }[];
  }[];
}

export const encodeRequest = (request: OracleRequest): Uint8Array =>
  REQUEST.encode(REQUEST.fromObject(request)).finish();

/** @throws where the library takes the bytes for no such message. */
export const decodeRequest = (bytes: Uint8Array): OracleRequest =>
  REQUEST.toObject(REQUEST.decode(bytes), { longs: String, arrays: true, defaults: false }) as OracleRequest;

export const decodeStatus = (bytes: Uint8Array): { code?: number; message?: string } =>
  root.lookupType('RpcStatus').decode(bytes) as { code?: number; message?: string };

export const decodeResponse = (
  bytes: Uint8Array,
): { partialSuccess?: { rejectedSpans?: string; errorMessage?: string } } => {
  const type = root.lookupType('ExportTraceServiceResponse');
  return type.toObject(type.decode(bytes), { longs: String });
};
