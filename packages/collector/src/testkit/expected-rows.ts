import type { RowValue } from '@whence/store';
import type { OraclePair, OracleRequest, OracleSpan, OracleValue } from './otlp-oracle.ts';

/** What the rows of a request must hold, told by the oracle: the columns that come from the payload alone. */
export const expectedRows = (request: OracleRequest): Record<string, RowValue>[] =>
  request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.filter(hasIds).map((span) => ({
        ...spanColumns(span),
        ResourceAttributes: mapOf(resource?.attributes ?? []),
        ServiceName: textOf(resource?.attributes.findLast(({ key }) => key === 'service.name')?.value),
        ScopeName: scope?.name ?? '',
        ScopeVersion: scope?.version ?? '',
      })),
    ),
  );

const isZero = (bytes: Uint8Array | undefined): boolean =>
  bytes === undefined || bytes.every((byte) => byte === 0);

const hasIds = ({ traceId, spanId }: OracleSpan): boolean => !isZero(traceId) && !isZero(spanId);

const KINDS = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'];
const CODES = ['Unset', 'Ok', 'Error'];

const spanColumns = (span: OracleSpan): Record<string, RowValue> => {
  const start = BigInt(span.startTimeUnixNano ?? 0);
  const end = BigInt(span.endTimeUnixNano ?? 0);
  return {
    Timestamp: BigInt.asIntN(64, start),
    TraceId: hex(span.traceId),
    SpanId: hex(span.spanId),
    ParentSpanId: isZero(span.parentSpanId) ? '' : hex(span.parentSpanId),
    TraceState: span.traceState ?? '',
    SpanName: span.name ?? '',
    SpanKind: KINDS[span.kind ?? 0] ?? 'Unspecified',
    Duration: end > start ? end - start : 0n,
    StatusCode: CODES[span.status?.code ?? 0] ?? 'Unset',
    StatusMessage: span.status?.message ?? '',
    SpanAttributes: mapOf(span.attributes),
    'Events.Timestamp': span.events.map((event) => BigInt.asIntN(64, BigInt(event.timeUnixNano ?? 0))),
    'Events.Name': span.events.map((event) => event.name ?? ''),
    'Events.Attributes': span.events.map((event) => mapOf(event.attributes)),
    'Links.TraceId': span.links.map((link) => hex(link.traceId)),
    'Links.SpanId': span.links.map((link) => hex(link.spanId)),
    'Links.TraceState': span.links.map((link) => link.traceState ?? ''),
    'Links.Attributes': span.links.map((link) => mapOf(link.attributes)),
  };
};

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

const mapOf = (pairs: readonly OraclePair[] = []): [string, string][] =>
  pairs.map(({ key, value }) => [key ?? '', textOf(value)]);

const textOf = (value: OracleValue | undefined): string => {
  if (value?.stringValue !== undefined) return value.stringValue;
  if (value?.bytesValue !== undefined) return Buffer.from(value.bytesValue).toString('base64');
  if (value?.doubleValue !== undefined) return String(value.doubleValue);
  const json = jsonOf(value);
  return json === 'null' ? '' : json;
};

const jsonOf = (value: OracleValue | undefined): string => {
  if (value?.stringValue !== undefined) return JSON.stringify(value.stringValue);
  if (value?.boolValue !== undefined) return String(value.boolValue);
  if (value?.intValue !== undefined) return String(value.intValue);
  if (value?.doubleValue !== undefined) {
    return Number.isFinite(value.doubleValue) ? JSON.stringify(value.doubleValue) : `"${value.doubleValue}"`;
  }
  if (value?.bytesValue !== undefined)
    return JSON.stringify(Buffer.from(value.bytesValue).toString('base64'));
  if (value?.arrayValue !== undefined) return `[${(value.arrayValue.values ?? []).map(jsonOf).join(',')}]`;
  if (value?.kvlistValue !== undefined) {
    const pairs = value.kvlistValue.values ?? [];
    return `{${pairs.map((pair) => `${JSON.stringify(pair.key ?? '')}:${jsonOf(pair.value)}`).join(',')}}`;
  }
  return 'null';
};
