import { beforeAll, describe, expect, it } from 'vitest';
import { allPairs } from './stage/all-pairs.ts';
import { type CollectorProcess, startCollector } from './stage/collector-process.ts';
import { drained } from './stage/ledger.ts';
import {
  jsonOf,
  newSpanId,
  newTraceId,
  type OtlpAttribute,
  type OtlpRequest,
  type OtlpResourceSpans,
  type OtlpSpan,
  type OtlpValue,
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

type Pairs = readonly (readonly [string, string])[];

/** What is sent, and the text under which the store must have it. */
const VALUES: readonly (readonly [name: string, value: OtlpValue, stored: string])[] = [
  ['text', { stringValue: 'plain' }, 'plain'],
  ['text.empty', { stringValue: '' }, ''],
  ['text.wide', { stringValue: 'Grüße, 世界 🌍 \u{10ffff}' }, 'Grüße, 世界 🌍 \u{10ffff}'],
  ['text.127', { stringValue: 'x'.repeat(127) }, 'x'.repeat(127)],
  ['text.128', { stringValue: 'x'.repeat(128) }, 'x'.repeat(128)],
  ['text.16384', { stringValue: 'x'.repeat(16_384) }, 'x'.repeat(16_384)],
  ['text.quotes', { stringValue: `"'\\ \t\n\0` }, `"'\\ \t\n\0`],
  ['nothing', {}, ''],
  ['true', { boolValue: true }, 'true'],
  ['false', { boolValue: false }, 'false'],
  ['int.0', { intValue: '0' }, '0'],
  ['int.-1', { intValue: '-1' }, '-1'],
  ['int.2^31', { intValue: '2147483648' }, '2147483648'],
  ['int.2^53', { intValue: '9007199254740992' }, '9007199254740992'],
  ['int.2^53+1', { intValue: '9007199254740993' }, '9007199254740993'],
  ['int.max', { intValue: '9223372036854775807' }, '9223372036854775807'],
  ['int.min', { intValue: '-9223372036854775808' }, '-9223372036854775808'],
  ['double.0', { doubleValue: 0 }, '0'],
  ['double.tenth', { doubleValue: 0.1 }, '0.1'],
  ['double.whole', { doubleValue: 2 }, '2'],
  ['double.max', { doubleValue: Number.MAX_VALUE }, '1.7976931348623157e+308'],
  ['double.min', { doubleValue: Number.MIN_VALUE }, '5e-324'],
  ['double.nan', { doubleValue: 'NaN' }, 'NaN'],
  ['double.inf', { doubleValue: 'Infinity' }, 'Infinity'],
  ['double.-inf', { doubleValue: '-Infinity' }, '-Infinity'],
  ['bytes', { bytesValue: 'AAEC/f7/' }, 'AAEC/f7/'],
  ['bytes.empty', { bytesValue: '' }, ''],
  ['array.empty', { arrayValue: { values: [] } }, '[]'],
  [
    'array.mixed',
    {
      arrayValue: {
        values: [
          { stringValue: 'a"b' },
          { intValue: '9223372036854775807' },
          { doubleValue: 'NaN' },
          { boolValue: false },
          {},
          { bytesValue: '/w==' },
          { arrayValue: { values: [{ arrayValue: { values: [] } }] } },
        ],
      },
    },
    '["a\\"b",9223372036854775807,"NaN",false,null,"/w==",[[]]]',
  ],
  ['map.empty', { kvlistValue: { values: [] } }, '{}'],
  [
    'map.nested',
    {
      kvlistValue: {
        values: [
          { key: 'a', value: { kvlistValue: { values: [{ key: '', value: { stringValue: '' } }] } } },
          { key: '__proto__', value: { intValue: '-9223372036854775808' } },
          { key: 'list', value: { arrayValue: { values: [{ kvlistValue: { values: [] } }] } } },
        ],
      },
    },
    '{"a":{"":""},"__proto__":-9223372036854775808,"list":[{}]}',
  ],
];

const EVERY_VALUE: readonly OtlpAttribute[] = VALUES.map(([key, value]) => ({ key, value }));
const EVERY_VALUE_STORED: Pairs = VALUES.map(([key, , stored]) => [key, stored]);
const MANY = 200;

/** One way in which a field may be sent, and how the store must have it. */
interface Variant<Sent, Stored> {
  readonly sent: Sent;
  readonly stored: Stored;
}
const as = <Sent, Stored>(sent: Sent, stored: Stored): Variant<Sent, Stored> => ({ sent, stored });

const OTHER_SPAN = newSpanId();
const OTHER_TRACE = newTraceId();
const PAIR: OtlpAttribute = { key: 'k', value: { stringValue: 'v' } };
const EVENT_AT = '1790000000000000003';

const ATTRIBUTES: readonly Variant<readonly OtlpAttribute[] | undefined, Pairs>[] = [
  as(undefined, []),
  as([], []),
  as(EVERY_VALUE, EVERY_VALUE_STORED),
  as(
    [PAIR, PAIR, { key: '', value: { stringValue: 'no key' } }],
    [
      ['k', 'v'],
      ['k', 'v'],
      ['', 'no key'],
    ],
  ),
  as(
    Array.from({ length: MANY }, (_, i) => ({ key: `k${i}`, value: { intValue: String(i) } })),
    Array.from({ length: MANY }, (_, i) => [`k${i}`, String(i)] as const),
  ),
];

interface Times {
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
}

const FIELDS = {
  parent: [as(undefined, ''), as('', ''), as('0'.repeat(16), ''), as(OTHER_SPAN, OTHER_SPAN)],
  traceState: [
    as(undefined, ''),
    as('', ''),
    as('a=b', 'a=b'),
    as(`v=${'x'.repeat(300)}`, `v=${'x'.repeat(300)}`),
  ],
  name: [
    as('', ''),
    as('GET /orders/{id}', 'GET /orders/{id}'),
    as('имя 名前 🐘', 'имя 名前 🐘'),
    as('n'.repeat(5_000), 'n'.repeat(5_000)),
  ],
  kind: [
    as(undefined, 'Unspecified'),
    as(0, 'Unspecified'),
    as(1, 'Internal'),
    as(2, 'Server'),
    as(3, 'Client'),
    as(4, 'Producer'),
    as(5, 'Consumer'),
    as(6, 'Unspecified'),
    as(-1, 'Unspecified'),
  ],
  times: [
    as<Times, { start: string; duration: string }>({}, { start: '0', duration: '0' }),
    as({ startTimeUnixNano: '0', endTimeUnixNano: '0' }, { start: '0', duration: '0' }),
    as({ startTimeUnixNano: '1', endTimeUnixNano: '2' }, { start: '1', duration: '1' }),
    as(
      { startTimeUnixNano: '1790000000123456789', endTimeUnixNano: '1790000000987654321' },
      { start: '1790000000123456789', duration: '864197532' },
    ),
    as({ startTimeUnixNano: '1790000000123456789' }, { start: '1790000000123456789', duration: '0' }),
    as(
      { startTimeUnixNano: '1790000000123456789', endTimeUnixNano: '1790000000123456788' },
      { start: '1790000000123456789', duration: '0' },
    ),
    as(
      { startTimeUnixNano: '0', endTimeUnixNano: '18446744073709551615' },
      { start: '0', duration: '18446744073709551615' },
    ),
    as(
      { startTimeUnixNano: '9223372036854775807', endTimeUnixNano: '9223372036854775807' },
      { start: '9223372036854775807', duration: '0' },
    ),
  ],
  status: [
    as<OtlpSpan['status'], readonly [string, string]>(undefined, ['Unset', '']),
    as({}, ['Unset', '']),
    as({ code: 0, message: 'unset, and yet said' }, ['Unset', 'unset, and yet said']),
    as({ code: 1 }, ['Ok', '']),
    as({ code: 2, message: 'it failed: «ß»' }, ['Error', 'it failed: «ß»']),
    as({ code: 3 }, ['Unset', '']),
  ],
  attributes: ATTRIBUTES,
  events: [
    as<OtlpSpan['events'], readonly (readonly [string, string, Pairs])[]>(undefined, []),
    as([], []),
    as([{ timeUnixNano: '0', name: '' }], [['0', '', []]]),
    as(
      [
        { timeUnixNano: EVENT_AT, name: 'every value', attributes: EVERY_VALUE },
        { timeUnixNano: EVENT_AT, name: 'again', attributes: [PAIR] },
      ],
      [
        [EVENT_AT, 'every value', EVERY_VALUE_STORED],
        [EVENT_AT, 'again', [['k', 'v']]],
      ],
    ),
    as(
      Array.from({ length: MANY }, (_, i) => ({
        timeUnixNano: String(i),
        name: `e${i}`,
        attributes: [PAIR],
      })),
      Array.from({ length: MANY }, (_, i) => [String(i), `e${i}`, [['k', 'v']]] as const),
    ),
  ],
  links: [
    as<OtlpSpan['links'], readonly (readonly [string, string, string, Pairs])[]>(undefined, []),
    as([{ traceId: OTHER_TRACE, spanId: OTHER_SPAN }], [[OTHER_TRACE, OTHER_SPAN, '', []]]),
    as([{ traceId: '', spanId: '' }], [['', '', '', []]]),
    as(
      [
        { traceId: OTHER_TRACE, spanId: OTHER_SPAN, traceState: 'l=1', attributes: EVERY_VALUE },
        { traceId: OTHER_TRACE, spanId: OTHER_SPAN, attributes: [] },
      ],
      [
        [OTHER_TRACE, OTHER_SPAN, 'l=1', EVERY_VALUE_STORED],
        [OTHER_TRACE, OTHER_SPAN, '', []],
      ],
    ),
    as(
      Array.from({ length: MANY }, () => ({ traceId: OTHER_TRACE, spanId: OTHER_SPAN })),
      Array.from({ length: MANY }, () => [OTHER_TRACE, OTHER_SPAN, '', []] as const),
    ),
  ],
  resource: [
    as<OtlpResourceSpans['resource'], { service: string; pairs: Pairs }>(undefined, {
      service: '',
      pairs: [],
    }),
    as({ attributes: [] }, { service: '', pairs: [] }),
    as(
      { attributes: [{ key: 'service.name', value: { stringValue: 'golden' } }, PAIR] },
      {
        service: 'golden',
        pairs: [
          ['service.name', 'golden'],
          ['k', 'v'],
        ],
      },
    ),
    as({ attributes: EVERY_VALUE }, { service: '', pairs: EVERY_VALUE_STORED }),
  ],
  scope: [
    as<OtlpResourceSpans['scopeSpans'][number]['scope'], readonly [string, string]>(undefined, ['', '']),
    as({ name: '' }, ['', '']),
    as({ name: 'scope' }, ['scope', '']),
    as({ name: 'scope', version: '1.2.3-ß' }, ['scope', '1.2.3-ß']),
  ],
} as const;

type Field = keyof typeof FIELDS;
type Choice = { readonly [Of in Field]: (typeof FIELDS)[Of][number] };

const given = <Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } =>
  value === undefined ? {} : ({ [key]: value } as { [K in Key]?: Value });

interface Golden {
  readonly resourceSpans: OtlpResourceSpans;
  readonly stored: Record<string, unknown>;
}

const goldenOf = (choice: Choice): Golden => {
  const traceId = newTraceId();
  const spanId = newSpanId();
  const span: OtlpSpan = {
    traceId,
    spanId,
    name: choice.name.sent,
    ...given('parentSpanId', choice.parent.sent),
    ...given('traceState', choice.traceState.sent),
    ...given('kind', choice.kind.sent),
    ...choice.times.sent,
    ...given('status', choice.status.sent),
    ...given('attributes', choice.attributes.sent),
    ...given('events', choice.events.sent),
    ...given('links', choice.links.sent),
  };
  const { events, links, resource, scope, status, times } = choice;
  return {
    resourceSpans: {
      ...given('resource', resource.sent),
      scopeSpans: [{ ...given('scope', scope.sent), spans: [span] }],
    },
    stored: {
      traceId,
      spanId,
      parent: choice.parent.stored,
      traceState: choice.traceState.stored,
      name: choice.name.stored,
      kind: choice.kind.stored,
      ...times.stored,
      status: status.stored[0],
      message: status.stored[1],
      attributes: choice.attributes.stored,
      eventTimes: events.stored.map(([time]) => time),
      eventNames: events.stored.map(([, name]) => name),
      eventAttributes: events.stored.map(([, , pairs]) => pairs),
      linkTraces: links.stored.map(([trace]) => trace),
      linkSpans: links.stored.map(([, linked]) => linked),
      linkStates: links.stored.map(([, , state]) => state),
      linkAttributes: links.stored.map(([, , , pairs]) => pairs),
      service: resource.stored.service,
      resource: resource.stored.pairs,
      scope: scope.stored[0],
      version: scope.stored[1],
    },
  };
};

/** As pairs in their order: a map may hold a key twice. */
const PAIRS = 'Array(Tuple(String, String))';

const storedOf = (spanIds: readonly string[]) =>
  store.rows<{ readonly spanId: string }>(
    database,
    `SELECT TraceId AS traceId, SpanId AS spanId, ParentSpanId AS parent, TraceState AS traceState, SpanName AS name,
      SpanKind AS kind, toString(toUnixTimestamp64Nano(Timestamp)) AS start, toString(Duration) AS duration,
      StatusCode AS status, StatusMessage AS message, CAST(SpanAttributes, '${PAIRS}') AS attributes,
      arrayMap(time -> toString(toUnixTimestamp64Nano(time)), Events.Timestamp) AS eventTimes,
      Events.Name AS eventNames, arrayMap(map -> CAST(map, '${PAIRS}'), Events.Attributes) AS eventAttributes,
      Links.TraceId AS linkTraces, Links.SpanId AS linkSpans, Links.TraceState AS linkStates,
      arrayMap(map -> CAST(map, '${PAIRS}'), Links.Attributes) AS linkAttributes,
      ServiceName AS service, CAST(ResourceAttributes, '${PAIRS}') AS resource, ScopeName AS scope,
      ScopeVersion AS version
    FROM otel_traces WHERE SpanId IN (${spanIds.map((id) => `'${id}'`).join(',')})`,
  );

const ENCODINGS: readonly [string, (request: OtlpRequest) => Uint8Array][] = [
  ['application/x-protobuf', protobufOf],
  ['application/json', jsonOf],
];

describe.each(ENCODINGS)('%s: sent, stored, read back', (contentType, encode) => {
  it('every pair of ways in which two fields may be sent comes back field by field', async () => {
    const choices = allPairs(FIELDS) as readonly Choice[];
    expect(choices.length).toBeGreaterThan(70);
    const golden = choices.map(goldenOf);
    const answer = await exchange(`${collector.url}/v1/traces`, {
      headers: { 'content-type': contentType },
      body: encode({ resourceSpans: golden.map(({ resourceSpans }) => resourceSpans) }),
    });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body.toString()).toBe(contentType === 'application/json' ? '{}' : '');
    await drained(collector.url);
    const rows = await storedOf(golden.map(({ stored }) => stored['spanId'] as string));
    const bySpan = new Map(rows.map((row) => [row.spanId, row]));
    expect(rows).toHaveLength(golden.length);
    for (const { stored } of golden) expect(bySpan.get(stored['spanId'] as string)).toEqual(stored);
  });
});

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/examples/trace.json, its values on one line each. */
const OFFICIAL_EXAMPLE = JSON.stringify({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'my.service' } }] },
      scopeSpans: [
        {
          scope: {
            name: 'my.library',
            version: '1.0.0',
            attributes: [{ key: 'my.scope.attribute', value: { stringValue: 'some scope attribute' } }],
          },
          spans: [
            {
              traceId: '5B8EFFF798038103D269B633813FC60C',
              spanId: 'EEE19B7EC3C1B174',
              parentSpanId: 'EEE19B7EC3C1B173',
              name: "I'm a server span",
              startTimeUnixNano: '1544712660000000000',
              endTimeUnixNano: '1544712661000000000',
              kind: 2,
              attributes: [{ key: 'my.span.attr', value: { stringValue: 'some value' } }],
            },
          ],
        },
      ],
    },
  ],
});

it("the specification's example of a trace comes back field by field", async () => {
  const answer = await exchange(`${collector.url}/v1/traces`, {
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(OFFICIAL_EXAMPLE),
  });
  expect([answer.status, answer.body.toString()]).toEqual([200, '{}']);
  await drained(collector.url);
  expect(await storedOf(['eee19b7ec3c1b174'])).toEqual([
    {
      traceId: '5b8efff798038103d269b633813fc60c',
      spanId: 'eee19b7ec3c1b174',
      parent: 'eee19b7ec3c1b173',
      traceState: '',
      name: "I'm a server span",
      kind: 'Server',
      start: '1544712660000000000',
      duration: '1000000000',
      status: 'Unset',
      message: '',
      attributes: [['my.span.attr', 'some value']],
      eventTimes: [],
      eventNames: [],
      eventAttributes: [],
      linkTraces: [],
      linkSpans: [],
      linkStates: [],
      linkAttributes: [],
      service: 'my.service',
      resource: [['service.name', 'my.service']],
      scope: 'my.library',
      version: '1.0.0',
    },
  ]);
});
