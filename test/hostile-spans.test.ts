import { request } from 'node:http';
import { formatReference, newRunId } from '@whence/model';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, startCollector, storeOpen } from './stage/collector-process.ts';
import { drained, expectLedgerHeld, Ledger } from './stage/ledger.ts';
import {
  jsonOf,
  newSpan,
  newSpanId,
  newSpans,
  newTraceId,
  type OtlpAttribute,
  type OtlpSpan,
  protobufOf,
  requestWith,
} from './stage/otlp-request.ts';
import { exchange } from './stage/post.ts';
import { peakResidentBytesOf, residentBytesOf } from './stage/process-memory.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

let store: StoreProcess;
let database: string;
let collector: CollectorProcess;
const ledger = new Ledger();
beforeAll(async () => {
  store = await startStore();
  database = store.newDatabase();
  collector = await startCollector({ storeUrl: store.url, database });
  await storeOpen(collector.url);
});

/** Sends it; then the process is the same, lives, and accepts. */
const statusOf = async (contentType: string, body: Uint8Array): Promise<number> => {
  const { status } = await exchange(`${collector.url}/v1/traces`, {
    headers: { 'content-type': contentType },
    body,
  });
  expect(await ledger.send(collector.url, newSpans(1))).toBe(200);
  return status;
};

const stored = async (span: OtlpSpan, columns: string): Promise<Record<string, unknown>> => {
  await drained(collector.url);
  const rows = await store.rows<Record<string, unknown>>(
    database,
    `SELECT ${columns} FROM otel_traces WHERE SpanId = '${span.spanId}'`,
  );
  expect(rows).toHaveLength(1);
  return rows[0]!;
};

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    if (rest < 128) return Buffer.from(bytes);
  }
};
/** A length-delimited protobuf field. */
const field = (number: number, ...content: readonly Uint8Array[]): Buffer => {
  const bytes = Buffer.concat(content);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
};
/** A request of one span with those fields behind its ids and name. */
const requestOf = ({ traceId, spanId, name }: OtlpSpan, ...fields: readonly Uint8Array[]): Buffer => {
  const ids = [field(1, Buffer.from(traceId, 'hex')), field(2, Buffer.from(spanId, 'hex'))];
  return field(1, field(2, field(2, ...ids, field(5, Buffer.from(name)), ...fields)));
};
/** The same bytes again and again. */
const times = (count: number, bytes: Buffer): Buffer => Buffer.alloc(count * bytes.length, bytes);
const acknowledged = ({ spanId }: OtlpSpan): void => void ledger.acknowledged.add(spanId);

describe('nesting', () => {
  /** An array in an array …, `depth` deep, as protobuf. */
  const nested = (depth: number): Uint8Array => {
    let value: Uint8Array = new Uint8Array(0);
    for (let i = 0; i < depth; i++) value = field(5, field(1, value));
    return value;
  };
  const attribute = (value: Uint8Array): Buffer => field(9, field(1, Buffer.from('deep')), field(2, value));
  const json = (depth: number, { traceId, spanId }: OtlpSpan): Buffer =>
    Buffer.from(
      `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${traceId}","spanId":"${spanId}","attributes":[{"key":"deep","value":` +
        `${'{"arrayValue":{"values":['.repeat(depth)}{}${']}}'.repeat(depth)}}]}]}]}]}`,
    );

  it.each([
    [40, 200],
    [64, 200],
    [65, 400],
    [500, 400],
    [5_000, 400],
  ])('%i levels: %i, in each encoding', async (depth, status) => {
    for (const [type, body] of [
      [PROTOBUF, (span: OtlpSpan) => requestOf(span, attribute(nested(depth)))],
      [JSON_TYPE, (span: OtlpSpan) => json(depth, span)],
    ] as const) {
      const span = newSpan();
      expect(await statusOf(type, body(span))).toBe(status);
      if (status !== 200) continue;
      acknowledged(span);
      const { deep } = await stored(span, `SpanAttributes['deep'] AS deep`);
      expect(deep).toBe(`${'['.repeat(depth)}null${']'.repeat(depth)}`);
    }
  });

  it('groups in groups, 100,000 deep, open or closed: 400', async () => {
    const open = times(100_000, Buffer.from([0xbb, 0x01]));
    const close = times(100_000, Buffer.from([0xbc, 0x01]));
    expect(await statusOf(PROTOBUF, requestOf(newSpan(), open))).toBe(400);
    expect(await statusOf(PROTOBUF, requestOf(newSpan(), open, close))).toBe(400);
  });
});

describe('size', () => {
  const RSS_MAX_BYTES = 700 << 20;
  const MANY = 100_000;

  const expectBounded = (): void => expect(residentBytesOf(collector.pid)).toBeLessThan(RSS_MAX_BYTES);

  it('100,000 links and 100,000 events of one span are stored', async () => {
    const link = field(
      13,
      field(1, Buffer.from(newTraceId(), 'hex')),
      field(2, Buffer.from(newSpanId(), 'hex')),
    );
    const event = field(11, field(2, Buffer.from('e')), field(3, field(1, Buffer.from('k'))));
    const span = newSpan();
    const body = requestOf(span, times(MANY, link), times(MANY, event));
    expect(await statusOf(PROTOBUF, body)).toBe(200);
    acknowledged(span);
    expect(
      await stored(span, 'toUInt32(length(Links.SpanId)) AS links, toUInt32(length(Events.Name)) AS events'),
    ).toEqual({
      links: MANY,
      events: MANY,
    });
    expectBounded();
  });

  it('1,000,000 attributes of one span are stored, in each encoding', async () => {
    const count = 1_000_000;
    const pair = field(9, field(1, Buffer.from('k')), field(2, field(1, Buffer.from('v'))));
    const inProtobuf = newSpan();
    expect(await statusOf(PROTOBUF, requestOf(inProtobuf, times(count, pair)))).toBe(200);
    const inJson = newSpan();
    const { traceId, spanId } = inJson;
    const pairs = Array<string>(count).fill('{"key":"k","value":{"stringValue":"v"}}').join(',');
    const json = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${traceId}","spanId":"${spanId}","attributes":[${pairs}]}]}]}]}`;
    expect(await statusOf(JSON_TYPE, Buffer.from(json))).toBe(200);
    for (const span of [inProtobuf, inJson]) {
      acknowledged(span);
      expect(await stored(span, 'toUInt32(length(SpanAttributes)) AS attributes')).toEqual({
        attributes: count,
      });
    }
    expectBounded();
  });

  it('a large resource with many spans, each of which would repeat it: 400, and no memory to speak of', async () => {
    const resource = field(
      1,
      field(1, field(1, Buffer.from('k')), field(2, field(1, Buffer.alloc(300_000, 'x')))),
    );
    const requestOfMany = (spans: readonly OtlpSpan[]): Buffer => {
      const ids = spans.map(({ traceId, spanId }) =>
        field(2, field(1, Buffer.from(traceId, 'hex')), field(2, Buffer.from(spanId, 'hex'))),
      );
      return field(1, resource, field(2, ...ids));
    };
    // 30 MB of rows; 3 GB.
    const [some, many] = [newSpans(100), newSpans(10_000)];
    expect(await statusOf(PROTOBUF, requestOfMany(some))).toBe(200);
    for (const span of some) acknowledged(span);
    const before = peakResidentBytesOf(collector.pid);
    expect(await statusOf(PROTOBUF, requestOfMany(many))).toBe(400);
    for (const { spanId } of many) ledger.refused.add(spanId);
    expect(peakResidentBytesOf(collector.pid) - before).toBeLessThan(300 << 20);
  });

  it('while a body of JSON that takes seconds is read, others are answered', async () => {
    const span = newSpan();
    const pairs = Array<string>(1_000_000).fill('{"key":"k","value":{"stringValue":"v"}}').join(',');
    const { traceId, spanId } = span;
    const json = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${traceId}","spanId":"${spanId}","attributes":[${pairs}]}]}]}]}`;
    const sent = request(`${collector.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': JSON_TYPE, 'content-length': String(json.length) },
    });
    const status = new Promise<number>((resolve, reject) => {
      sent.on('response', (response) => resolve(response.resume().statusCode!));
      sent.on('error', reject);
    });
    await new Promise<void>((resolve) => sent.end(json, () => resolve()));
    let answered = false;
    void status.then(() => (answered = true));
    let others = 0;
    while (!answered) {
      expect(await ledger.send(collector.url, newSpans(1))).toBe(200);
      if (!answered) others++;
    }
    expect(others).toBeGreaterThan(10);
    expect(await status).toBe(200);
    acknowledged(span);
  });

  it('a number that the store has no room for is kept as the largest', async () => {
    const runId = newRunId();
    const claims = { 'whence.run.id': runId, 'whence.run.attempt': '5000000000' };
    const span = newSpan({
      traceState: `whence=${formatReference({ runId })}`,
      attributes: Object.entries(claims).map(([key, value]) => ({ key, value: { stringValue: value } })),
    });
    expect(await statusOf(PROTOBUF, protobufOf(requestWith([span])))).toBe(200);
    acknowledged(span);
    await drained(collector.url);
    const runs = await store.rows(database, `SELECT Attempt FROM runs WHERE RunId = '${runId}'`);
    expect(runs).toEqual([{ Attempt: 2 ** 32 - 1 }]);
  });

  it('a key, a value and a name of 10 MB are stored', async () => {
    const long = 'x'.repeat(10_000_000);
    const spans = [
      newSpan({ attributes: [{ key: long, value: { stringValue: 'v' } }] }),
      newSpan({ attributes: [{ key: 'k', value: { stringValue: long } }] }),
      newSpan({ name: long }),
    ];
    for (const span of spans) {
      expect(await statusOf(PROTOBUF, protobufOf(requestWith([span])))).toBe(200);
      acknowledged(span);
      const lengths =
        'toUInt32(length(SpanName) + arraySum(arrayMap(k -> length(k), mapKeys(SpanAttributes))) + arraySum(arrayMap(v -> length(v), mapValues(SpanAttributes)))) AS bytes';
      expect((await stored(span, lengths))['bytes']).toBeGreaterThanOrEqual(long.length);
    }
    expectBounded();
  });
});

describe('text', () => {
  const NAMES = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    '__defineGetter__',
  ];
  const PAIRS = "CAST(SpanAttributes, 'Array(Tuple(String, String))') AS pairs";

  it('keys that are names of prototypes are stored as data, in each encoding', async () => {
    const attributes: OtlpAttribute[] = NAMES.flatMap((key) => [
      { key, value: { stringValue: `is ${key}` } },
      { key: `in ${key}`, value: { kvlistValue: { values: [{ key, value: { boolValue: true } }] } } },
    ]);
    for (const [type, encode] of [
      [PROTOBUF, protobufOf],
      [JSON_TYPE, jsonOf],
    ] as const) {
      const span = newSpan({ attributes });
      expect(await statusOf(type, encode(requestWith([span])))).toBe(200);
      acknowledged(span);
      expect((await stored(span, PAIRS))['pairs']).toEqual(
        NAMES.flatMap((key) => [
          [key, `is ${key}`],
          [`in ${key}`, `{"${key}":true}`],
        ]),
      );
    }
  });

  it('JSON objects with such keys change nothing: what they would inherit is not taken for a field', async () => {
    const span = newSpan({ name: 'honest' });
    const evil =
      '"__proto__":{"name":"forged","kind":5,"attributes":[{"key":"forged"}]},"constructor":{"prototype":{"kind":5}},';
    const json = jsonOf(requestWith([span]))
      .toString()
      .replaceAll('{"', `{${evil}"`);
    expect(await statusOf(JSON_TYPE, Buffer.from(json))).toBe(200);
    acknowledged(span);
    expect(await stored(span, `SpanName AS name, SpanKind AS kind, ${PAIRS}`)).toEqual({
      name: 'honest',
      kind: 'Internal',
      pairs: [],
    });
    const later = newSpan({ name: '' });
    const bare = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${later.traceId}","spanId":"${later.spanId}"}]}]}]}`;
    expect(await statusOf(JSON_TYPE, Buffer.from(bare))).toBe(200);
    acknowledged(later);
    expect(await stored(later, 'SpanName AS name, SpanKind AS kind')).toEqual({
      name: '',
      kind: 'Unspecified',
    });
  });

  it('NUL, terminal escapes, direction marks and lines are stored as they are, in each encoding', async () => {
    const text = 'a\0b\u001b[2J\u001b]0;title\u0007\u202e\u2066\r\n\u2028\u007f\u009b';
    for (const [type, encode] of [
      [PROTOBUF, protobufOf],
      [JSON_TYPE, jsonOf],
    ] as const) {
      const span = newSpan({ name: text, attributes: [{ key: text, value: { stringValue: text } }] });
      expect(await statusOf(type, encode(requestWith([span])))).toBe(200);
      acknowledged(span);
      expect(await stored(span, `SpanName AS name, ${PAIRS}`)).toEqual({ name: text, pairs: [[text, text]] });
    }
  });

  it('bytes that are not UTF-8: kept bit by bit from protobuf, replaced by U+FFFD from JSON', async () => {
    const bytes = Buffer.from('ff00c3280feda080f8', 'hex');
    const span = newSpan();
    const pair = field(9, field(1, bytes), field(2, field(1, bytes)));
    expect(await statusOf(PROTOBUF, requestOf({ ...span, name: '' }, field(5, bytes), pair))).toBe(200);
    acknowledged(span);
    const hex = bytes.toString('hex').toUpperCase();
    expect(
      await stored(
        span,
        `hex(SpanName) AS name, hex(mapKeys(SpanAttributes)[1]) AS key, hex(mapValues(SpanAttributes)[1]) AS value`,
      ),
    ).toEqual({ name: hex, key: hex, value: hex });

    const inJson = newSpan({ name: 'NAME' });
    const [before, after] = jsonOf(requestWith([inJson]))
      .toString()
      .split('NAME');
    expect(
      await statusOf(
        JSON_TYPE,
        Buffer.concat([Buffer.from(before!), Buffer.from([0xff]), Buffer.from(after!)]),
      ),
    ).toBe(200);
    acknowledged(inJson);
    expect(await stored(inJson, 'SpanName AS name')).toEqual({ name: '\ufffd' });
  });

  it('half of a surrogate pair in JSON is replaced by U+FFFD', async () => {
    const span = newSpan({ name: 'NAME' });
    const json = jsonOf(requestWith([span]))
      .toString()
      .replace('NAME', '\\ud800x\\udc00');
    expect(await statusOf(JSON_TYPE, Buffer.from(json))).toBe(200);
    acknowledged(span);
    expect(await stored(span, 'SpanName AS name')).toEqual({ name: '\ufffdx\ufffd' });
  });
});

it('of all that, the store holds what was accepted, once', async () => {
  await expectLedgerHeld(ledger, store, database, collector.url);
});
