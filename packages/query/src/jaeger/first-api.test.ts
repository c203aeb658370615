import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { exampleTrace } from '../example-graph.fixture.ts';
import { insertGraph } from '../lineage/graph.fixture.ts';
import type { FirstAnswer } from './as-viewers-draw.fixture.ts';

/** Golden answers over the example graph. */
let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, exampleTrace);
});

afterAll(() => asked?.remove());

const TRACE = 'f0000000000000000000000000000000';
const START = 1_772_334_847_000_000;
const REST = { limit: 0, offset: 0, errors: null };

const got = async <Body>(path: string) => {
  const { status, headers, body } = await asked.get<Body>(path);
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(headers.get('cache-control')).toBe('no-store');
  return { status, body };
};

const idsFound = async (query: string): Promise<readonly string[]> => {
  const { status, body } = await got<FirstAnswer>(`/api/traces?${query}`);
  expect([status, body]).toMatchObject([200, { errors: null }]);
  return body.data.map(({ traceID }) => traceID);
};

const SAID = [
  ['whence.principal.id', 'k8s://demo/jobs/nightly'],
  ['whence.principal.kind', 'scheduler'],
  ['whence.run.id', '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10'],
  ['whence.run.root.id', '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10'],
  ['whence.authority.id', 'policy:nightly-jobs@3'],
  ['whence.assurance', 'verified'],
];

const tags = (...pairs: readonly (readonly string[])[]) =>
  pairs.map(([key, value]) => ({ key, type: 'string', value }));

describe('names', () => {
  test('/api/services', async () => {
    expect((await got('/api/services')).body).toEqual({
      data: ['billing', 'report', 'scheduler'],
      total: 3,
      ...REST,
    });
  });

  test('/api/services/{service}/operations', async () => {
    expect((await got('/api/services/billing/operations')).body).toEqual({
      data: ['POST /charges', 'UPDATE invoices'],
      total: 2,
      ...REST,
    });
    expect((await got('/api/services/no%2Fsuch/operations')).body).toEqual({ data: [], total: 0, ...REST });
  });

  test('/api/operations', async () => {
    expect((await got('/api/operations?service=billing')).body).toEqual({
      data: [
        { name: 'POST /charges', spanKind: 'server' },
        { name: 'UPDATE invoices', spanKind: 'client' },
      ],
      total: 2,
      ...REST,
    });
    expect((await got('/api/operations?service=billing&spanKind=client&prettyPrint=true')).body).toEqual({
      data: [{ name: 'UPDATE invoices', spanKind: 'client' }],
      total: 1,
      ...REST,
    });
  });
});

describe('/api/traces/{traceID}', () => {
  test('a trace', async () => {
    const { status, body } = await got<FirstAnswer>(`/api/traces/${TRACE}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ total: 0, ...REST });
    expect(body.data).toHaveLength(1);
    const [trace] = body.data;
    expect(trace).toMatchObject({
      traceID: TRACE,
      processes: {
        p1: { serviceName: 'scheduler', tags: [] },
        p2: { serviceName: 'billing', tags: [] },
        p3: { serviceName: 'report', tags: [] },
      },
      warnings: null,
    });
    expect(trace!.spans.map(({ spanID }) => spanID)).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => `e00000000000000${n}`),
    );
    expect(trace!.spans[3]).toEqual({
      traceID: TRACE,
      spanID: 'e000000000000004',
      operationName: 'UPDATE invoices',
      references: [{ refType: 'CHILD_OF', traceID: TRACE, spanID: 'e000000000000003' }],
      startTime: START + 4_000,
      duration: 1_500,
      tags: tags(
        ['db.query.text', 'UPDATE invoices SET paid = $1'],
        ['span.kind', 'client'],
        ...SAID,
        ['whence.action.system', 'postgresql'],
        ['whence.action.operation', 'UPDATE'],
        ['whence.action.target', 'postgresql://db:5432/bank/invoices'],
        ['whence.actor', 'spiffe://demo/billing'],
        ['whence.witness', 'sdk'],
      ),
      logs: [],
      processID: 'p2',
      warnings: null,
    });
    expect(trace!.spans[5]!.tags).toEqual(
      expect.arrayContaining([
        { key: 'otel.status_code', type: 'string', value: 'ERROR' },
        { key: 'error', type: 'bool', value: true },
        { key: 'whence.run.id', type: 'string', value: '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a11' },
      ]),
    );
  });

  test('by its id as Jaeger takes it, and times as hints', async () => {
    for (const id of [TRACE, TRACE.toUpperCase()]) {
      const { body } = await got<FirstAnswer>(`/api/traces/${id}?start=1&end=2&raw=true`);
      expect(body.data[0]!.traceID).toBe(TRACE);
    }
  });

  test.each(['1', 'f'.repeat(32), '0'.repeat(32)])('404 where there is none: %s', async (id) => {
    expect(await got(`/api/traces/${id}`)).toEqual({
      status: 404,
      body: { data: null, total: 0, limit: 0, offset: 0, errors: [{ code: 404, msg: 'trace not found' }] },
    });
  });
});

describe('/api/traces', () => {
  const AT = `start=${START}&end=${START + 1_000_000}`;

  test('whole traces', async () => {
    const { body } = await got<FirstAnswer>(`/api/traces?service=report&${AT}`);
    expect(body).toEqual((await got(`/api/traces/${TRACE}`)).body);
  });

  test.each([
    `${AT}`,
    `service=billing&operation=UPDATE%20invoices&${AT}`,
    `${AT}&minDuration=1.5ms&maxDuration=1500us&limit=1`,
    `${AT}&service=&operation=&tags=&minDuration=&maxDuration=`,
    `end=${START + 1_000_000}&lookback=1h`,
    `end=${START + 1_000_000}&lookback=custom`,
    `start=-99999999999999999&end=9999999999999999999`,
    `${AT}&tags={"error":"true"}`,
    `${AT}&tags={"span.kind":"client","db.query.text":"UPDATE invoices SET paid = $1"}`,
    `${AT}&tag=otel.status_code:ERROR&tag=whence.action.operation:INSERT`,
    `${AT}&tags={"whence.principal.id":"k8s://demo/jobs/nightly","whence.assurance":"verified"}`,
    `${AT}&tags={"whence.principal.kind":"scheduler","whence.authority.id":"policy:nightly-jobs@3"}`,
    `${AT}&tags={"whence.run.id":"01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a11","whence.witness":"sdk"}`,
    `${AT}&tags={"whence.run.root.id":"01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10"}`,
    `${AT}&tags={"whence.actor":"spiffe://demo/billing"}`,
    `${AT}&tags={"whence.action.target":"postgresql://db:5432/bank/reports"}`,
    `traceID=${TRACE}&service=no-such`,
  ])('finds it: %s', async (query) => {
    expect(await idsFound(query)).toEqual([TRACE]);
  });

  test.each([
    '',
    `${AT}&service=no-such`,
    `${AT}&service=report&operation=UPDATE%20invoices`,
    `${AT}&minDuration=1.6ms`,
    `${AT}&maxDuration=1ms`,
    `start=${START + 7_000}&end=${START + 9_000}`,
    `end=${START}`,
    `${AT}&tags={"error":"false"}`,
    `${AT}&tags={"span.kind":"client","http.route":""}`,
    `${AT}&tags={"whence.action.target":"postgresql://db:5432/bank"}`,
    `${AT}&tags={"x' OR 1=1 --":"{tenant:String}"}`,
    `${AT}&tags={"__proto__":"1"}`,
    `${AT}&service=%27%3B%20DROP%20TABLE%20otel_traces%20--`,
  ])('finds none: %s', async (query) => {
    expect(await idsFound(query)).toEqual([]);
  });

  test('an id that is absent is said, beside those that are there', async () => {
    const { body } = await got<FirstAnswer>(`/api/traces?traceID=${TRACE}&traceID=2a`);
    expect(body.data.map(({ traceID }) => traceID)).toEqual([TRACE]);
    expect(body.errors).toEqual([{ msg: 'trace not found', traceID: '000000000000002a' }]);
  });
});

describe('/api/dependencies', () => {
  const DATA = [
    { parent: 'scheduler', child: 'billing', callCount: 1 },
    { parent: 'scheduler', child: 'report', callCount: 1 },
  ];

  test.each(['lookback=86400000', 'lookback=1d', ''])('of a day: %s', async (lookback) => {
    const { body } = await got(`/api/dependencies?endTs=1772409600000&${lookback}`);
    expect(body).toEqual({ data: DATA, total: 0, ...REST });
  });

  test('of a thousand years, again, of one service, and of a time without any', async () => {
    const whole = '/api/dependencies?endTs=99999999999999&lookback=99999999999999';
    expect((await got(whole)).body).toEqual({ data: DATA, total: 0, ...REST });
    expect((await got(whole)).body).toEqual({ data: DATA, total: 0, ...REST });
    expect((await got(`${whole}&service=report`)).body).toMatchObject({ data: [DATA[1]] });
    expect((await got('/api/dependencies')).body).toEqual({ data: [], total: 0, ...REST });
  });
});

test('below a base path as at the root', async () => {
  const { startQuery } = await import('../query-service.ts');
  const based = await startQuery({ ...asked.options, basePath: '/jaeger' });
  const status = async (path: string) => (await fetch(based.url + path)).status;
  expect(await status('/jaeger/api/services')).toBe(200);
  expect(await status(`/jaeger/api/traces/${TRACE}?start=1`)).toBe(200);
  expect(await status('/api/services')).toBe(200);
  expect(await status('/jaegerapi/services')).toBe(404);
  expect(await status('/jaeger')).toBe(404);
  await based.close();
});
