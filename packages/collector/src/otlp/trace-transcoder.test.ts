import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryRequest } from '../testkit/arbitrary-request.ts';
import { expectedRows } from '../testkit/expected-rows.ts';
import { decodeRequest, encodeRequest, type OracleSpan } from '../testkit/otlp-oracle.ts';
import { differenceFromLibrary } from '../testkit/same-as-library.ts';
import { PLACE, transcode } from '../testkit/transcode.ts';
import { WireWriter } from './wire-writer.ts';

const SPAN: OracleSpan = {
  traceId: Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex'),
  spanId: Buffer.from('00f067aa0ba902b7', 'hex'),
  traceState: '',
  parentSpanId: new Uint8Array(0),
  name: 'x',
  kind: 3,
  startTimeUnixNano: '1780000000123456789',
  endTimeUnixNano: '1780000001123456788',
  attributes: [],
  events: [],
  links: [],
};

const requestOf = (span: Partial<OracleSpan>, serviceName = 'billing'): Uint8Array =>
  encodeRequest({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: serviceName } }] },
        scopeSpans: [{ spans: [{ ...SPAN, ...span }] }],
      },
    ],
  });

const rowOf = (span: Partial<OracleSpan>) => transcode(requestOf(span)).rows[0]!.values;

const attributes = (pairs: Record<string, string | number>) =>
  Object.entries(pairs).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) },
  }));

describe('against the protobuf library', () => {
  it('gives the rows that the library reads, for any request', () => {
    fc.assert(
      fc.property(arbitraryRequest, (request) => {
        const body = encodeRequest(request);
        const rows = transcode(body).rows.map(({ values }) => values);
        const expected = expectedRows(decodeRequest(body));
        expect(rows.length).toBe(expected.length);
        expected.forEach((row, i) => {
          expect(rows[i]).toMatchObject(row);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('never fails in another way than by saying that the body is malformed', () => {
    fc.assert(
      fc.property(
        arbitraryRequest,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(),
        (request, edits, cut) => {
          const body = Buffer.from(encodeRequest(request));
          for (const [at, byte] of edits) if (body.length > 0) body[at % body.length] = byte;
          const mutated = body.subarray(0, body.length - (cut % 3 === 0 ? cut % (body.length + 1) : 0));
          expectSameAsLibrary(mutated);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('takes random bytes for malformed, or for what the library takes them for', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectSameAsLibrary), { numRuns: 2_000 });
  });
});

const expectSameAsLibrary = (body: Uint8Array): void => {
  expect(differenceFromLibrary(body)).toBeUndefined();
};

describe('columns beside the payload', () => {
  it('come from the sender and the batch', () => {
    expect(rowOf({})).toMatchObject({
      TenantId: 'acme',
      Actor: 'k8s://a/b/c',
      Witness: 1,
      ReceivedAt: BigInt(PLACE.receivedAtMillis),
      BatchId: '01020304-0506-0708-090a-0b0c0d0e0f10',
      RowNumber: PLACE.firstRow,
    });
  });

  it('number the rows on', () => {
    const body = encodeRequest({
      resourceSpans: [{ scopeSpans: [{ spans: [SPAN, SPAN] }, { spans: [SPAN] }] }],
    });
    expect(transcode(body).rows.map(({ values }) => values['RowNumber'])).toEqual([7, 8, 9]);
  });
});

describe('spans without ids', () => {
  it.each([
    { traceId: new Uint8Array(0) },
    { spanId: new Uint8Array(0) },
    { traceId: new Uint8Array(16) },
    { spanId: new Uint8Array(8) },
  ])('are left out and counted: %o', (span) => {
    expect(transcode(requestOf(span))).toMatchObject({ rows: [], withoutId: 1 });
  });

  it.each([
    { traceId: new Uint8Array(15).fill(1) },
    { spanId: new Uint8Array(9).fill(1) },
    { parentSpanId: new Uint8Array(4).fill(1) },
    {
      links: [{ traceId: new Uint8Array(3).fill(1), spanId: SPAN.spanId, traceState: '', attributes: [] }],
    },
  ])('of a wrong length refuse the request: %o', (span) => {
    expect(() => transcode(requestOf(span))).toThrowError(
      expect.objectContaining({ code: 'otlp_malformed' }),
    );
  });
});

describe('what was acted on', () => {
  const SQL = `SELECT balance FROM bank."Accounts" WHERE id = 17 /* traceparent='00-…' */`;

  it.each<[string, Record<string, string | number>, Record<string, unknown>]>([
    [
      'SQL: verb and table from the statement',
      {
        'db.system.name': 'postgresql',
        'db.query.text': SQL,
        'server.address': 'db',
        'server.port': 5432,
        'db.namespace': 'bank',
      },
      { System: 'postgresql', Operation: 'SELECT', Target: 'postgresql://db:5432/bank/bank."Accounts"' },
    ],
    [
      'SQL: older attribute names',
      {
        'db.system': 'mysql',
        'db.statement': 'update t set a=1',
        'net.peer.name': 'db',
        'net.peer.port': 3306,
        'db.name': 'shop',
      },
      { System: 'mysql', Operation: 'UPDATE', Target: 'mysql://db:3306/shop/t' },
    ],
    [
      'SQL: what the instrumentation says comes before what the statement says',
      {
        'db.system.name': 'postgresql',
        'db.query.text': 'select 1',
        'db.operation.name': 'BATCH',
        'db.collection.name': 'orders',
      },
      { Operation: 'BATCH', Target: 'postgresql:///orders' },
    ],
    [
      'HTTP client: the address without its query',
      {
        'http.request.method': 'POST',
        'url.full': 'https://pay.example/charges?token=s3cret#x',
        'server.address': 'pay.example',
      },
      { System: 'http', Operation: 'POST', Target: 'https://pay.example/charges' },
    ],
    [
      'HTTP server',
      {
        'http.request.method': 'GET',
        'url.scheme': 'https',
        'url.path': '/orders',
        'server.address': 'shop',
        'server.port': 8443,
      },
      { System: 'http', Operation: 'GET', Target: 'https://shop:8443/orders' },
    ],
    [
      'gRPC',
      {
        'rpc.system': 'grpc',
        'rpc.service': 'fx.Rates',
        'rpc.method': 'Convert',
        'server.address': 'fx',
        'server.port': 50051,
      },
      { System: 'grpc', Operation: 'Convert', Target: 'grpc://fx:50051/fx.Rates' },
    ],
    [
      'messaging',
      {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'send',
        'messaging.destination.name': 'notify',
        'server.address': 'k1',
      },
      { System: 'kafka', Operation: 'send', Target: 'kafka://k1/notify' },
    ],
    [
      'an agent’s tool',
      {
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'refund',
      },
      { System: 'anthropic', Operation: 'execute_tool', Target: 'tool:refund' },
    ],
    [
      'a child process',
      { 'process.executable.name': 'pg_dump', 'process.command_line': 'pg_dump bank' },
      { System: 'process', Operation: 'pg_dump', Target: 'process:pg_dump' },
    ],
    [
      'what the SDK was told',
      {
        'whence.action.system': 'pg-boss',
        'whence.action.operation': 'send',
        'whence.action.target': 'pg-boss://bank/notify',
        'http.request.method': 'GET',
      },
      { System: 'pg-boss', Operation: 'send', Target: 'pg-boss://bank/notify' },
    ],
    ['nothing known', { color: 'red' }, { System: '', Operation: '', Target: '', StatementHash: 0n }],
  ])('%s', (_name, given, expected) => {
    expect(rowOf({ attributes: attributes(given) })).toMatchObject(expected);
  });

  it('gives statements that differ in literals the same fingerprint', () => {
    const hash = (text: string) =>
      rowOf({ attributes: attributes({ 'db.system.name': 'postgresql', 'db.query.text': text }) })[
        'StatementHash'
      ];
    expect(hash('SELECT * FROM t WHERE a = 1')).toBe(hash("select *  from T where a = 'x' -- note"));
    expect(hash('SELECT * FROM t WHERE a = 1')).not.toBe(hash('SELECT * FROM t WHERE b = 1'));
  });

  it.each([126, 127, 128, 129, 16_382, 16_383, 16_384, 70_000])(
    'writes a target of about %i bytes whole',
    (length) => {
      const url = `http://h/${'a'.repeat(length - 9)}`;
      expect(
        rowOf({ attributes: attributes({ 'http.request.method': 'GET', 'url.full': url }) })['Target'],
      ).toBe(url);
    },
  );

  it('does not mix up the values of one span with those of the next', () => {
    const body = encodeRequest({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  ...SPAN,
                  attributes: attributes({ 'http.request.method': 'GET', 'url.full': 'http://a/' }),
                },
                SPAN,
              ],
            },
          ],
        },
      ],
    });
    expect(transcode(body).rows.map(({ values }) => values['Target'])).toEqual(['http://a/', '']);
  });
});

describe('hostile input', () => {
  /** An array in an array …, written by hand: the library does not go that deep. */
  const nested = (depth: number): Uint8Array => {
    let value = new WireWriter().string(1, 'deep');
    for (let i = 0; i < depth; i++) value = new WireWriter().message(5, new WireWriter().message(1, value));
    const span = new WireWriter().bytes(1, SPAN.traceId).bytes(2, SPAN.spanId);
    span.message(9, new WireWriter().string(1, 'k').message(2, value));
    return new WireWriter()
      .message(1, new WireWriter().message(2, new WireWriter().message(2, span)))
      .finish();
  };

  it('keeps nesting up to its bound and refuses what is deeper', () => {
    expect(transcode(nested(60)).rows.length).toBe(1);
    expect(() => transcode(nested(70))).toThrowError(/nested deeper/);
  });

  it('takes a length beyond the end of its message for malformed', () => {
    const body = requestOf({});
    for (const length of [0x7f, 0xff]) {
      const longer = body.slice();
      longer[1] = length;
      expect(() => transcode(longer)).toThrowError(expect.objectContaining({ code: 'otlp_malformed' }));
    }
  });

  it('refuses lengths that wrap 32 bits', () => {
    const body = Buffer.from('0affffffffffffffffff01', 'hex');
    expect(() => transcode(body)).toThrowError(expect.objectContaining({ code: 'otlp_malformed' }));
  });

  it('stores keys that are names of prototypes as data', () => {
    const given = attributes({ __proto__x: 'a', constructor: 'b', toString: 'c' });
    given.push({ key: '__proto__', value: { stringValue: 'd' } });
    expect(rowOf({ attributes: given })['SpanAttributes']).toContainEqual(['__proto__', 'd']);
    expect(({} as Record<string, unknown>)['d']).toBeUndefined();
  });

  it('keeps bytes that are not UTF-8', () => {
    const body = Buffer.from(requestOf({ name: 'AAAA' }));
    body.fill(0xff, body.indexOf('AAAA'), body.indexOf('AAAA') + 4);
    expect(Buffer.from(transcode(body).bytes).includes(Buffer.from([4, 0xff, 0xff, 0xff, 0xff]))).toBe(true);
  });

  it('makes room for text that grows: control characters in nested values', () => {
    const stringValue = '\u0001'.repeat(20_000);
    const row = rowOf({ attributes: [{ key: 'k', value: { arrayValue: { values: [{ stringValue }] } } }] });
    expect(row['SpanAttributes']).toEqual([['k', JSON.stringify([stringValue])]]);
  });
});
