import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryRequest } from '../testkit/arbitrary-request.ts';
import { jsonOf } from '../testkit/otlp-json.ts';
import { encodeRequest } from '../testkit/otlp-oracle.ts';
import { transcode } from '../testkit/transcode.ts';
import { protobufFromJson } from './json-request.ts';

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
