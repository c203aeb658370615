import type { OraclePair, OracleRequest, OracleValue } from './otlp-oracle.ts';

/** The OTLP/JSON form of a request, ids in hex, 64-bit integers as text or as numbers. */
export const jsonOf = (request: OracleRequest, wideIntegers: 'text' | 'number'): string => {
  const wide = (decimal: string | undefined) => (wideIntegers === 'text' ? decimal : `#${decimal}#`);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').toUpperCase();
  const value = (of: OracleValue | undefined): unknown => {
    if (of?.intValue !== undefined) return { intValue: wide(of.intValue) };
    if (of?.bytesValue !== undefined) return { bytesValue: Buffer.from(of.bytesValue).toString('base64') };
    if (of?.arrayValue !== undefined) return { arrayValue: { values: of.arrayValue.values.map(value) } };
    if (of?.kvlistValue !== undefined) return { kvlistValue: { values: pairs(of.kvlistValue.values) } };
    if (of?.doubleValue !== undefined && !Number.isFinite(of.doubleValue))
      return { doubleValue: String(of.doubleValue) };
    return of?.doubleValue === undefined
      ? of
      : { doubleValue: Object.is(of.doubleValue, -0) ? '-0' : of.doubleValue };
  };
  const pairs = (of: readonly OraclePair[]): unknown[] =>
    of.map((pair) => ({ key: pair.key, ...(pair.value === undefined ? {} : { value: value(pair.value) }) }));
  const json = JSON.stringify({
    unknownField: [1, { a: null }],
    resourceSpans: request.resourceSpans.map(({ resource, scopeSpans }) => ({
      ...(resource === undefined ? {} : { resource: { attributes: pairs(resource.attributes) } }),
      scopeSpans: scopeSpans.map(({ scope, spans }) => ({
        ...(scope === undefined ? {} : { scope }),
        spans: spans.map((span) => ({
          ...span,
          traceId: hex(span.traceId),
          spanId: hex(span.spanId),
          parentSpanId: hex(span.parentSpanId),
          startTimeUnixNano: wide(span.startTimeUnixNano),
          endTimeUnixNano: wide(span.endTimeUnixNano),
          attributes: pairs(span.attributes),
          events: span.events.map((event) => ({
            ...event,
            timeUnixNano: wide(event.timeUnixNano),
            attributes: pairs(event.attributes),
          })),
          links: span.links.map((link) => ({
            ...link,
            traceId: hex(link.traceId),
            spanId: hex(link.spanId),
            attributes: pairs(link.attributes),
          })),
        })),
      })),
    })),
  });
  return json.replace(/"#(-?\d+)#"/g, '$1');
};
