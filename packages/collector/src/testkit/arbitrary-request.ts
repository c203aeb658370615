import fc from 'fast-check';
import type { OraclePair, OracleRequest, OracleSpan, OracleValue } from './otlp-oracle.ts';

/** Any well-formed OTLP request: every value type, nesting, empty and missing parts, text of any script. */
const id = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => bytes.fill(1, 0, 1));
const emptyOrId = (length: number) => fc.oneof(fc.constant(new Uint8Array(0)), id(length));
const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed());
const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);

const knownKeys = fc.constantFrom(
  'http.request.method',
  'url.full',
  'db.system.name',
  'db.query.text',
  'server.address',
  'server.port',
  'whence.run.id',
  'service.name',
);

const { pair } = fc.letrec<{ value: OracleValue; pair: OraclePair }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant({}),
    text.map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => ({ intValue: String(n) })),
    fc.nat(100_000).map((n) => ({ intValue: String(n) })),
    fc.double().map((doubleValue) => ({ doubleValue })),
    fc.uint8Array({ maxLength: 20 }).map((bytesValue) => ({ bytesValue })),
    fc.array(tie('value'), { maxLength: 4 }).map((values) => ({ arrayValue: { values } })),
    fc.array(tie('pair'), { maxLength: 4 }).map((values) => ({ kvlistValue: { values } })),
  ),
  pair: fc.record({ key: fc.oneof(text, knownKeys), value: tie('value') }, { requiredKeys: ['key'] }),
}));

const pairs = fc.array(pair, { maxLength: 6 });

const span: fc.Arbitrary<OracleSpan> = fc.record(
  {
    traceId: id(16),
    spanId: id(8),
    traceState: fc.oneof(fc.constant(''), fc.constant('a=b,whence=AZrEPq1dcBqXh0m2n3o4pQ'), text),
    parentSpanId: emptyOrId(8),
    name: text,
    kind: fc.nat(7),
    startTimeUnixNano: nanos,
    endTimeUnixNano: nanos,
    attributes: pairs,
    events: fc.array(fc.record({ timeUnixNano: nanos, name: text, attributes: pairs }), { maxLength: 3 }),
    links: fc.array(
      fc.record({ traceId: emptyOrId(16), spanId: emptyOrId(8), traceState: text, attributes: pairs }),
      { maxLength: 3 },
    ),
    status: fc.record({ message: text, code: fc.nat(2) }),
  },
  {
    requiredKeys: [
      'traceId',
      'spanId',
      'traceState',
      'parentSpanId',
      'name',
      'kind',
      'startTimeUnixNano',
      'endTimeUnixNano',
      'attributes',
      'events',
      'links',
    ],
  },
);

export const arbitraryRequest: fc.Arbitrary<OracleRequest> = fc.record({
  resourceSpans: fc.array(
    fc.record(
      {
        resource: fc.record({ attributes: pairs }),
        scopeSpans: fc.array(
          fc.record(
            { scope: fc.record({ name: text, version: text }), spans: fc.array(span, { maxLength: 4 }) },
            { requiredKeys: ['spans'] },
          ),
          { maxLength: 2 },
        ),
      },
      { requiredKeys: ['scopeSpans'] },
    ),
    { maxLength: 2 },
  ),
});
