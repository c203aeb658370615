import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryRequest } from '../testkit/arbitrary-request.ts';
import {
  encodeRequest,
  type OraclePair,
  type OracleRequest,
  type OracleValue,
} from '../testkit/otlp-oracle.ts';
import { transcode } from '../testkit/transcode.ts';
import { protobufFromJson } from './json-request.ts';

/** The OTLP/JSON form of a request, ids in hex, 64-bit integers as text or as numbers. */
const jsonOf = (request: OracleRequest, wideIntegers: 'text' | 'number'): string => {
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

describe('OTLP/JSON', () => {
  it.each(['text', 'number'] as const)(
    'gives the same rows, byte for byte, as protobuf: integers as %s',
    (form) => {
      fc.assert(
        fc.property(arbitraryRequest, (request) => {
          const fromJson = transcode(protobufFromJson(jsonOf(request, form)));
          expect(Buffer.from(fromJson.bytes)).toEqual(Buffer.from(transcode(encodeRequest(request)).bytes));
        }),
        { numRuns: 200 },
      );
    },
  );

  it('takes null and missing fields for unset', () => {
    const body = protobufFromJson(
      '{"resourceSpans":[{"resource":null,"scopeSpans":[{"scope":null,"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","status":null,"attributes":null}]}]}]}',
    );
    expect(transcode(body).rows[0]!.values).toMatchObject({
      SpanName: '',
      StatusCode: 'Unset',
      ServiceName: '',
    });
  });

  it.each([
    ['', /JSON/],
    ['{', /JSON/],
    ['[]', /request: must be an object/],
    ['{"resourceSpans":{}}', /request\.resourceSpans: must be an array/],
    ['{"resourceSpans":[1]}', /request\.resourceSpans\[0\]: must be an object/],
    [
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}',
      /spans\[0\]\.traceId: must be hex/,
    ],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"abc"}]}]}]}', /traceId: must be hex/],
    [
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SPAN_KIND_SERVER"}]}]}]}',
      /kind: must be an integer/,
    ],
    [
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":1.5}]}]}]}',
      /startTimeUnixNano: must be an integer/,
    ],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":7}]}]}]}', /name: must be a string/],
  ])('refuses %s, naming the field', (text, reason) => {
    expect(() => protobufFromJson(text)).toThrowError(
      expect.objectContaining({ code: 'otlp_malformed', message: expect.stringMatching(reason) }),
    );
  });

  it('refuses nesting without end, and does not fall over it', () => {
    const deep = `${'{"arrayValue":{"values":['.repeat(50_000)}{}${']}}'.repeat(50_000)}`;
    const body = `{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":${deep}}]}}]}`;
    expect(() => protobufFromJson(body)).toThrowError(expect.objectContaining({ code: 'otlp_malformed' }));
  });

  it('never fails in another way, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        try {
          transcode(protobufFromJson(text));
        } catch (error) {
          expect(error).toMatchObject({ code: 'otlp_malformed' });
        }
      }),
      { numRuns: 500 },
    );
  });
});
