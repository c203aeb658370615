import { columnList, decodeRows, OTEL_TRACES } from '@whence/store';
import { beforeAll, expect, it } from 'vitest';
import { type CollectorProcess, startCollector } from './stage/collector-process.ts';
import { drained } from './stage/ledger.ts';
import {
  jsonOf,
  newSpanId,
  newTraceId,
  type OtlpAttribute,
  type OtlpRequest,
  protobufOf,
} from './stage/otlp-request.ts';
import { exchange } from './stage/post.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

let store: StoreProcess;
let collector: CollectorProcess;
let database: string;
beforeAll(async () => {
  store = await startStore();
  database = store.newDatabase();
  collector = await startCollector({ storeUrl: store.url, database });
});

/** Where and when a row was received: the only columns in which the same span differs from itself. */
const OF_THE_RECEIPT = ['ReceivedAt', 'BatchId', 'RowNumber'];

const awkward: readonly OtlpAttribute[] = [
  { key: 'text', value: { stringValue: 'Grüße, 世界 🌍' } },
  { key: 'empty', value: { stringValue: '' } },
  { key: 'nothing', value: {} },
  { key: 'long', value: { stringValue: 'y'.repeat(70_000) } },
  { key: 'control', value: { stringValue: 'a\0b\u001b[31m\u202e\t\n' } },
  { key: 'yes', value: { boolValue: true } },
  { key: 'no', value: { boolValue: false } },
  { key: 'zero', value: { intValue: '0' } },
  { key: 'beyond 2^53', value: { intValue: '9007199254740993' } },
  { key: 'largest', value: { intValue: '9223372036854775807' } },
  { key: 'smallest', value: { intValue: '-9223372036854775808' } },
  { key: 'half', value: { doubleValue: 0.5 } },
  { key: 'whole double', value: { doubleValue: 3 } },
  { key: 'tiny', value: { doubleValue: 5e-324 } },
  { key: 'no number', value: { doubleValue: 'NaN' } },
  { key: 'infinite', value: { doubleValue: '-Infinity' } },
  { key: 'bytes', value: { bytesValue: 'AAEC/w==' } },
  {
    key: 'list',
    value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '2' }, {}, { boolValue: true }] } },
  },
  {
    key: 'map',
    value: {
      kvlistValue: {
        values: [
          { key: 'in', value: { kvlistValue: { values: [{ key: 'deep', value: { intValue: '1' } }] } } },
          { key: 'no end', value: { doubleValue: 'Infinity' } },
        ],
      },
    },
  },
  { key: '__proto__', value: { stringValue: 'data' } },
  { key: 'constructor', value: { stringValue: "'; DROP TABLE otel_traces; --" } },
  { key: 'twice', value: { stringValue: 'first' } },
  { key: 'twice', value: { stringValue: 'second' } },
  { key: 'db.system.name', value: { stringValue: 'postgresql' } },
  { key: 'db.query.text', value: { stringValue: "UPDATE accounts SET balance = 1 WHERE id = 'x'" } },
  { key: 'db.namespace', value: { stringValue: 'bank' } },
];

const requestOfAllSorts = (traceIds: readonly string[], spanIds: readonly string[]): OtlpRequest => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'all-sorts' } }, ...awkward] },
      scopeSpans: [
        {
          scope: { name: 'scope', version: '1.2.3' },
          spans: [
            {
              traceId: traceIds[0]!,
              spanId: spanIds[0]!,
              parentSpanId: newSpanIdOnce(0),
              traceState: 'other=1, whence=nonsense',
              name: 'everything at once',
              kind: 3,
              startTimeUnixNano: '1700000000000000001',
              endTimeUnixNano: '1700000000123456789',
              attributes: awkward,
              events: [
                { timeUnixNano: '1700000000000000002', name: 'first', attributes: awkward },
                { timeUnixNano: '0', name: '' },
              ],
              links: [
                { traceId: traceIds[1]!, spanId: spanIds[1]!, traceState: 'a=b', attributes: awkward },
                { traceId: traceIds[0]!, spanId: spanIds[2]! },
              ],
              status: { code: 2, message: 'it failed: «ß»' },
            },
            { traceId: traceIds[1]!, spanId: spanIds[1]!, name: 'nothing but a name' },
            {
              traceId: traceIds[1]!,
              spanId: spanIds[2]!,
              name: 'ends before it starts',
              kind: 99,
              startTimeUnixNano: '1700000000000000001',
              endTimeUnixNano: '1600000000000000001',
              status: {},
            },
          ],
        },
        { spans: [{ traceId: traceIds[2]!, spanId: spanIds[3]!, name: 'without a scope' }] },
      ],
    },
    { scopeSpans: [{ spans: [{ traceId: traceIds[2]!, spanId: spanIds[4]!, name: 'without a resource' }] }] },
    { resource: { attributes: [] }, scopeSpans: [] },
  ],
});

const parents: string[] = [];
const newSpanIdOnce = (at: number): string => {
  parents[at] ??= newSpanId();
  return parents[at];
};

it('protobuf and JSON of the same request give the same rows, byte for byte but for their receipt', async () => {
  const request = requestOfAllSorts(
    Array.from({ length: 3 }, newTraceId),
    Array.from({ length: 5 }, newSpanId),
  );
  const upperCase = JSON.parse(JSON.stringify(request), (key, value: unknown) =>
    /^(?:traceId|spanId|parentSpanId)$/.test(key) ? String(value).toUpperCase() : value,
  ) as OtlpRequest;
  const numbers = jsonOf(request)
    .toString()
    .replaceAll(/"(-?\d{10,})"/g, '$1');
  const unknownKeys = jsonOf(request)
    .toString()
    .replaceAll('"name":', '"notOfOtlp":{"a":[1,{}]},"droppedAttributesCount":7,"flags":257,"name":');
  const bodies: [string, Uint8Array][] = [
    ['application/x-protobuf', protobufOf(request)],
    ['application/json', jsonOf(request)],
    ['application/json', jsonOf(upperCase)],
    ['application/json', Buffer.from(numbers)],
    ['application/json', Buffer.from(unknownKeys)],
  ];
  for (const [type, body] of bodies) {
    const answer = await exchange(`${collector.url}/v1/traces`, { headers: { 'content-type': type }, body });
    expect(answer.status).toBe(200);
  }
  await drained(collector.url);

  const compared = {
    name: OTEL_TRACES.name,
    columns: OTEL_TRACES.columns.filter(({ name }) => !OF_THE_RECEIPT.includes(name)),
  };
  const bytes = await store.bytes(
    database,
    `SELECT ${columnList(compared)} FROM otel_traces ORDER BY BatchId, RowNumber FORMAT RowBinary`,
  );
  const rows = [...decodeRows(compared, bytes)].map(({ start, end }) =>
    bytes.subarray(start, end).toString('hex'),
  );
  expect(rows).toHaveLength(5 * bodies.length);
  const copies = new Map<string, number>();
  for (const row of rows) copies.set(row, (copies.get(row) ?? 0) + 1);
  expect([...copies.values()]).toEqual(Array.from({ length: 5 }, () => bodies.length));
});

it('what was sent is what is stored, digit by digit', async () => {
  const [row] = await store.rows<Record<string, unknown>>(
    database,
    `SELECT toString(toUnixTimestamp64Nano(Timestamp)) AS start, toString(Duration) AS duration, SpanKind,
      StatusCode, StatusMessage, SpanAttributes, ResourceAttributes, TraceState,
      arrayMap(time -> toString(toUnixTimestamp64Nano(time)), Events.Timestamp) AS eventTimes, Events.Name AS events,
      Events.Attributes[1]['largest'] AS eventLargest, Links.TraceState AS linkStates, ScopeName, ScopeVersion
    FROM otel_traces WHERE SpanName = 'everything at once' LIMIT 1`,
  );
  expect(row).toMatchObject({
    start: '1700000000000000001',
    duration: '123456788',
    SpanKind: 'Client',
    StatusCode: 'Error',
    StatusMessage: 'it failed: «ß»',
    TraceState: 'other=1, whence=nonsense',
    eventTimes: ['1700000000000000002', '0'],
    events: ['first', ''],
    eventLargest: '9223372036854775807',
    linkStates: ['a=b', ''],
    ScopeName: 'scope',
    ScopeVersion: '1.2.3',
  });
  expect(row!['SpanAttributes']).toMatchObject({
    text: 'Grüße, 世界 🌍',
    empty: '',
    nothing: '',
    control: 'a\0b\u001b[31m\u202e\t\n',
    yes: 'true',
    no: 'false',
    zero: '0',
    'beyond 2^53': '9007199254740993',
    largest: '9223372036854775807',
    smallest: '-9223372036854775808',
    half: '0.5',
    'whole double': '3',
    tiny: '5e-324',
    'no number': 'NaN',
    infinite: '-Infinity',
    bytes: 'AAEC/w==',
    list: '["a",2,null,true]',
    map: '{"in":{"deep":1},"no end":"Infinity"}',
    constructor: "'; DROP TABLE otel_traces; --",
  });
});
