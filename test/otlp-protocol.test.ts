import { gzipSync, zstdCompressSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CollectorProcess, startCollector } from './stage/collector-process.ts';
import { drained, expectLedgerHeld, heldSpans, Ledger } from './stage/ledger.ts';
import {
  exportResponseOf,
  jsonOf,
  newSpan,
  newSpans,
  type OtlpSpan,
  protobufOf,
  requestWith,
  rpcStatusOf,
} from './stage/otlp-request.ts';
import { type Answer, exchange, type Post, postJson, postProtobuf } from './stage/post.ts';
import { residentBytesOf } from './stage/process-memory.ts';
import { type StoreProcess, startStore } from './stage/store-process.ts';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
const BODY_MAX_BYTES = 1_000_000;
/** google.rpc.Code */
const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;

let store: StoreProcess;
let database: string;
let collector: CollectorProcess;
const ledger = new Ledger();

beforeAll(async () => {
  store = await startStore();
  database = store.newDatabase();
  collector = await startCollector({
    storeUrl: store.url,
    database,
    environment: { WHENCE_BODY_MAX_BYTES: String(BODY_MAX_BYTES) },
  });
});

/** Sends what must be refused; then the process lives, and accepts. */
const refusedOf = async (post: Post): Promise<Answer> => {
  const answer = await exchange(`${collector.url}/v1/traces`, post);
  expect(await ledger.send(collector.url, newSpans(1))).toBe(200);
  return answer;
};

const expectStatus = (answer: Answer, status: number, contentType: string, code: number): string => {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe(contentType);
  const said = rpcStatusOf(answer.headers['content-type'], answer.body);
  expect(said.code).toBe(code);
  expect(said.message).not.toBe('');
  return said.message;
};

const good = protobufOf(requestWith(newSpans(20, { name: 'never stored' })));
const goodJson = jsonOf(requestWith(newSpans(20, { name: 'never stored' })));
const zipped = gzipSync(good);
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0x40;
  return copy;
};

describe('a body that cannot be read is refused with 400', () => {
  const protobuf = { 'content-type': PROTOBUF };
  const json = { 'content-type': JSON_TYPE };
  const gzip = { ...protobuf, 'content-encoding': 'gzip' };
  const withId = (id: Partial<OtlpSpan>) => requestWith([...newSpans(3), newSpan(id)]);

  it.each<[string, Record<string, string>, Uint8Array]>([
    ['protobuf cut off', protobuf, good.subarray(0, good.length - 3)],
    ['protobuf cut off in the first tag', protobuf, good.subarray(0, 2)],
    ['bytes that are no protobuf', protobuf, Buffer.from('this is no protobuf at all')],
    ['JSON under the type of protobuf', protobuf, goodJson],
    ['gzip without saying so', protobuf, zipped],
    ['gzip cut off', gzip, zipped.subarray(0, zipped.length - 20)],
    ['gzip with a wrong checksum', gzip, flipped(zipped, zipped.length - 8)],
    ['gzip with a wrong length', gzip, flipped(zipped, zipped.length - 1)],
    ['gzip damaged in the middle', gzip, flipped(zipped, zipped.length >> 1)],
    ['no gzip under that name', gzip, good],
    ['no zstd under that name', { ...protobuf, 'content-encoding': 'zstd' }, good],
    ['a trace id of 15 bytes', protobuf, protobufOf(withId({ traceId: 'ab'.repeat(15) }))],
    ['a span id of 9 bytes', protobuf, protobufOf(withId({ spanId: 'ab'.repeat(9) }))],
    ['a parent span id of 7 bytes', protobuf, protobufOf(withId({ parentSpanId: 'ab'.repeat(7) }))],
    [
      'a link with a trace id of 1 byte',
      protobuf,
      protobufOf(withId({ links: [{ traceId: 'ab', spanId: 'ab'.repeat(8) }] })),
    ],
    ['JSON cut off', json, goodJson.subarray(0, goodJson.length - 1)],
    ['an empty text as JSON', json, Buffer.alloc(0)],
    ['a JSON array', json, Buffer.from('[]')],
    ['JSON of another shape', json, Buffer.from('{"resourceSpans":{}}')],
    ['JSON with an id that is no hex', json, jsonOf(withId({ traceId: 'x'.repeat(32) }))],
    ['JSON with a base64 id', json, jsonOf(withId({ spanId: 'AAECAwQFBgc=' }))],
    ['JSON with a trace id of 15 bytes', json, jsonOf(withId({ traceId: 'ab'.repeat(15) }))],
    [
      'JSON with the name of an enum',
      json,
      Buffer.from(goodJson.toString().replace('"kind":1', '"kind":"SPAN_KIND_SERVER"')),
    ],
    ['protobuf under the type of JSON', json, good],
  ])('%s', async (_, headers, body) => {
    const answer = await refusedOf({ headers, body });
    expectStatus(answer, 400, headers['content-type']!, INVALID_ARGUMENT);
  });
});

describe('what is not offered is refused', () => {
  it.each([['text/plain'], ['application/octet-stream'], [''], ['application/jsonp'], ['application/grpc']])(
    'content type "%s": 415',
    async (type) => {
      const answer = await refusedOf({ headers: { 'content-type': type }, body: good });
      expectStatus(answer, 415, PROTOBUF, INVALID_ARGUMENT);
    },
  );

  it('no content type: 415', async () => {
    expectStatus(await refusedOf({ body: good }), 415, PROTOBUF, INVALID_ARGUMENT);
  });

  it.each([['br'], ['deflate'], ['gzip, gzip'], ['snappy']])(
    'content encoding "%s": 415',
    async (encoding) => {
      for (const type of [PROTOBUF, JSON_TYPE]) {
        const headers = { 'content-type': type, 'content-encoding': encoding };
        const said = expectStatus(await refusedOf({ headers, body: good }), 415, type, INVALID_ARGUMENT);
        expect(said).toContain(encoding);
      }
    },
  );

  it.each([['GET'], ['PUT'], ['PATCH'], ['DELETE']])('%s: 405', async (method) => {
    for (const type of [PROTOBUF, JSON_TYPE]) {
      const answer = await refusedOf({ method, headers: { 'content-type': type } });
      expectStatus(answer, 405, type, UNIMPLEMENTED);
      expect(answer.headers.allow).toBe('POST');
    }
  });
});

describe('a body over the limit is refused with 413', () => {
  const long = newSpan({ attributes: [{ key: 'long', value: { stringValue: 'x'.repeat(12_000_000) } }] });
  const protobuf = protobufOf(requestWith([long]));
  const json = jsonOf(requestWith([long]));

  const expectTooLarge = async (type: string, post: Post): Promise<void> => {
    const said = expectStatus(await refusedOf(post), 413, type, RESOURCE_EXHAUSTED);
    expect(said).toContain(String(BODY_MAX_BYTES));
  };

  it('as it comes, with a length', async () => {
    for (let round = 0; round < 5; round++) {
      await expectTooLarge(PROTOBUF, { headers: { 'content-type': PROTOBUF }, body: protobuf });
      await expectTooLarge(JSON_TYPE, { headers: { 'content-type': JSON_TYPE }, body: json });
    }
  });

  it('as it comes, in chunks of no known length', async () => {
    const body = Array.from({ length: 31 }, (_, i) => protobuf.subarray(i * 400_000, (i + 1) * 400_000));
    for (let round = 0; round < 5; round++) {
      await expectTooLarge(PROTOBUF, { headers: { 'content-type': PROTOBUF }, body });
    }
  });

  it('after inflating', async () => {
    const headers = (type: string, encoding: string) => ({
      'content-type': type,
      'content-encoding': encoding,
    });
    await expectTooLarge(PROTOBUF, { headers: headers(PROTOBUF, 'gzip'), body: gzipSync(protobuf) });
    await expectTooLarge(JSON_TYPE, { headers: headers(JSON_TYPE, 'gzip'), body: gzipSync(json) });
    await expectTooLarge(PROTOBUF, { headers: headers(PROTOBUF, 'zstd'), body: zstdCompressSync(protobuf) });
  });

  it('one byte over is over, at the limit is not', async () => {
    const empty = protobufOf(requestWith([newSpan({ name: '' })])).length;
    const at = (bytes: number): OtlpSpan =>
      newSpan({ attributes: [{ key: 'k', value: { stringValue: 'x'.repeat(bytes) } }] });
    // The lengths of lengths: look for the size that fits exactly.
    const lengthWith = (bytes: number): number => protobufOf(requestWith([at(bytes)])).length;
    let bytes = BODY_MAX_BYTES - empty - 40;
    while (lengthWith(bytes) < BODY_MAX_BYTES) bytes++;
    expect(lengthWith(bytes)).toBe(BODY_MAX_BYTES);
    expect(await ledger.send(collector.url, [at(bytes)])).toBe(200);
    expect(await ledger.send(collector.url, [at(bytes + 1)])).toBe(413);
  });

  it('a gzip bomb costs no memory to speak of', async () => {
    const bomb = gzipSync(Buffer.alloc(400 << 20));
    expect(bomb.length).toBeLessThan(BODY_MAX_BYTES);
    const before = residentBytesOf(collector.pid);
    const headers = { 'content-type': PROTOBUF, 'content-encoding': 'gzip' };
    for (let round = 0; round < 5; round++) await expectTooLarge(PROTOBUF, { headers, body: bomb });
    expect(residentBytesOf(collector.pid) - before).toBeLessThan(64 << 20);
  });
});

describe('what is accepted', () => {
  it('an empty request, in each encoding, with an answer that is empty too', async () => {
    const empty = await exchange(`${collector.url}/v1/traces`, {
      headers: { 'content-type': PROTOBUF },
      body: Buffer.alloc(0),
    });
    expect(empty).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    const json = await exchange(`${collector.url}/v1/traces`, {
      headers: { 'content-type': JSON_TYPE },
      body: Buffer.from('{}'),
    });
    expect(json.status).toBe(200);
    expect(json.body.toString()).toBe('{}');
  });

  it('a content type with parameters, in any case', async () => {
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset=UTF-8']) {
      const spans = newSpans(2);
      const answer = await postJson(collector.url, spans, { 'content-type': type });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe(JSON_TYPE);
      for (const { spanId } of spans) ledger.acknowledged.add(spanId);
    }
  });

  it.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('%s', async (encoding, compress) => {
    const spans = newSpans(40);
    const answer = await exchange(`${collector.url}/v1/traces`, {
      headers: { 'content-type': PROTOBUF, 'content-encoding': encoding },
      body: compress(protobufOf(requestWith(spans))),
    });
    expect(answer.status).toBe(200);
    for (const { spanId } of spans) ledger.acknowledged.add(spanId);
  });

  it('spans without ids are left out, counted, and the sender is told', async () => {
    const bad: Partial<OtlpSpan>[] = [
      { traceId: '' },
      { spanId: '' },
      { traceId: '0'.repeat(32) },
      { spanId: '0'.repeat(16) },
    ];
    for (const post of [postProtobuf, postJson]) {
      const whole = newSpans(3);
      const answer = await post(collector.url, [...bad.map(newSpan), ...whole]);
      expect(answer.status).toBe(200);
      const { partialSuccess } = exportResponseOf(answer.headers['content-type'], answer.body);
      expect(partialSuccess?.rejectedSpans).toBe('4');
      expect(partialSuccess?.errorMessage).toContain('id');
      for (const { spanId } of whole) ledger.acknowledged.add(spanId);
    }
  });
});

it('of all that, the store holds what was accepted, once, and nothing of what was refused', async () => {
  await expectLedgerHeld(ledger, store, database, collector.url);
  expect((await heldSpans(store, database)).size).toBe(ledger.acknowledged.size);
  const refused = await store.rows(
    database,
    "SELECT SpanName FROM otel_traces WHERE SpanName = 'never stored'",
  );
  expect(refused).toEqual([]);
  await drained(collector.url);
});
