import { openStore } from '@whence/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { startQuery } from '../query-service.ts';
import { openTemporaryStore } from '../temporary-store.fixture.ts';

/** What cannot be answered is said as Jaeger says it, and names the parameter. */
let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
});

afterAll(() => asked?.remove());

const T = 'query.startTimeMin=2026-03-01T00:00:00Z&query.startTimeMax=2026-03-02T00:00:00Z';
const LONG = 'x'.repeat(1001);
const MANY = JSON.stringify(Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, 'v'])));

const FIRST: readonly (readonly [string, string])[] = [
  ['/api/traces/xyz', 'traceID'],
  [`/api/traces/${'a'.repeat(33)}`, 'traceID'],
  ["/api/traces/'%20OR%201=1", 'traceID'],
  ['/api/traces/1?start=now', 'start'],
  ['/api/traces/1?tenant=other', 'tenant'],
  ['/api/traces?limit=0', 'limit'],
  ['/api/traces?limit=1000000000', 'limit'],
  ['/api/traces?limit=-1', 'limit'],
  ['/api/traces?limit=1.5', 'limit'],
  ['/api/traces?start=2026-03-01', 'start'],
  ['/api/traces?start=99999999999999999999', 'start'],
  ['/api/traces?start=2&end=1', 'end'],
  ['/api/traces?minDuration=1', 'minDuration'],
  ['/api/traces?minDuration=2s&maxDuration=1s', 'maxDuration'],
  ['/api/traces?lookback=forever', 'lookback'],
  ['/api/traces?tags=error', 'tags'],
  ['/api/traces?tags=[1]', 'tags'],
  ['/api/traces?tags={"a":{"b":1}}', 'tags'],
  ['/api/traces?tags={"a":"%5Cu0000"}', 'tags'],
  [`/api/traces?tags=${MANY}`, 'tags'],
  ['/api/traces?tags={"whence.run.id":"7"}', 'tags'],
  ['/api/traces?tags={"span.kind":"kind"}', 'tags'],
  ['/api/traces?tags={"whence.missing":"refuted"}', 'tags'],
  ['/api/traces?tag=novalue', 'tag'],
  [`/api/traces?service=${LONG}`, 'service'],
  ['/api/traces?service=a&service=b', 'service'],
  ['/api/traces?service=%00', 'service'],
  ['/api/traces?traceID=xyz', 'traceID'],
  ['/api/traces?__proto__=1', '__proto__'],
  [`/api/services/${LONG}/operations`, 'service'],
  ['/api/operations', 'service'],
  ['/api/operations?service=a&spanKind=b', 'spanKind'],
  ['/api/dependencies?endTs=yesterday', 'endTs'],
  ['/api/dependencies?lookback=-1', 'lookback'],
];

const THIRD: readonly (readonly [string, string])[] = [
  ['/api/v3/traces/xyz', 'traceId'],
  ['/api/v3/traces/1?startTime=1', 'startTime'],
  ['/api/v3/traces', 'query.startTimeMin'],
  ['/api/v3/trace-summaries?query.startTimeMin=2026-03-01T00:00:00Z', 'query.startTimeMin'],
  [
    '/api/v3/traces?query.startTimeMin=2026-03-02T00:00:00Z&query.startTimeMax=2026-03-01T00:00:00Z',
    'query.startTimeMax',
  ],
  [
    '/api/v3/traces?query.startTimeMin=2026-02-31T00:00:00Z&query.startTimeMax=2026-03-03T00:00:00Z',
    'query.startTimeMin',
  ],
  [`/api/v3/trace-summaries?${T}&query.searchDepth=0`, 'query.searchDepth'],
  [`/api/v3/trace-summaries?${T}&query.searchDepth=1501`, 'query.searchDepth'],
  [`/api/v3/trace-summaries?${T}&query.durationMin=1`, 'query.durationMin'],
  [`/api/v3/trace-summaries?${T}&query.attributes=a`, 'query.attributes'],
  [`/api/v3/trace-summaries?${T}&query.filter={}`, 'query.filter'],
  ['/api/v3/operations', 'service'],
  ['/api/v3/services?service=x', 'service'],
];

describe('a parameter that cannot be read', () => {
  test.each(FIRST)('%s', async (path, field) => {
    const { status, body } = await asked.get<{ errors: readonly { msg: string }[] }>(path);
    expect([status, body]).toEqual([
      400,
      { data: null, total: 0, limit: 0, offset: 0, errors: [{ code: 400, msg: expect.any(String) }] },
    ]);
    expect(body.errors[0]!.msg).toContain(field);
  });

  test.each(THIRD)('%s', async (path, field) => {
    const { status, body } = await asked.get<{ error: { message: string } }>(path);
    expect([status, body]).toEqual([400, { error: { httpCode: 400, message: expect.any(String) } }]);
    expect(body.error.message).toContain(field);
  });
});

test('another method', async () => {
  const response = await fetch(`${asked.service.url}/api/traces`, { method: 'POST' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('HEAD is answered as GET is, without the body', async () => {
  const response = await fetch(`${asked.service.url}/api/traces`, { method: 'HEAD' });
  expect([response.status, await response.text()]).toEqual([200, '']);
});

test('the store is away', async () => {
  const temporary = await openTemporaryStore();
  const store = await openStore({ url: temporary.url });
  const service = await startQuery({ ...asked.options, store });
  await temporary.remove();
  for (const [path, refusal] of [
    ['/api/services', { errors: [{ code: 503 }] }],
    ['/api/traces', { errors: [{ code: 503 }] }],
    ['/api/traces/1', { errors: [{ code: 503 }] }],
    ['/api/v3/traces/1', { error: { httpCode: 503 } }],
    [`/api/v3/trace-summaries?${T}`, { error: { httpCode: 503 } }],
  ] as const) {
    const response = await fetch(service.url + path);
    expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '5']);
    expect(await response.json()).toMatchObject(refusal);
  }
  await service.close();
  await store.close();
});
