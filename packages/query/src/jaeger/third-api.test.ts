import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { exampleTrace } from '../example-graph.fixture.ts';
import { insertGraph } from '../lineage/graph.fixture.ts';
import type { OTLP, SUMMARIES } from './third-answers.ts';

/** Golden answers over the example graph. */
let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, exampleTrace);
});

afterAll(() => asked?.remove());

const TRACE = 'f0000000000000000000000000000000';
const TIMES = 'query.startTimeMin=2026-03-01T03:14:07Z&query.startTimeMax=2026-03-01T03:14:08Z';

const got = async <Body>(path: string) => {
  const { status, body } = await asked.get<Body>(path);
  return { status, body };
};

const texts = (...pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([key, stringValue]) => ({ key, value: { stringValue } }));

test('/api/v3/services', async () => {
  expect((await got('/api/v3/services')).body).toEqual({ services: ['billing', 'report', 'scheduler'] });
});

test.each(['service=billing&spanKind=SPAN_KIND_CLIENT', 'service=billing&span_kind=client'])(
  '/api/v3/operations?%s',
  async (query) => {
    expect((await got(`/api/v3/operations?${query}`)).body).toEqual({
      operations: [{ name: 'UPDATE invoices', spanKind: 'client' }],
    });
  },
);

describe('/api/v3/traces/{traceId}', () => {
  test('a trace', async () => {
    const { status, body } = await got<z.output<typeof OTLP>>(`/api/v3/traces/${TRACE}`);
    expect(status).toBe(200);
    const { resourceSpans } = body.result;
    expect(resourceSpans.map(({ resource }) => resource)).toEqual(
      ['scheduler', 'billing', 'report'].map((name) => ({ attributes: texts(['service.name', name]) })),
    );
    expect(resourceSpans[1]!.scopeSpans).toHaveLength(1);
    expect(resourceSpans[1]!.scopeSpans[0]!.spans[1]).toEqual({
      traceId: TRACE,
      spanId: 'e000000000000004',
      parentSpanId: 'e000000000000003',
      name: 'UPDATE invoices',
      kind: 3,
      startTimeUnixNano: '1772334847004000000',
      endTimeUnixNano: '1772334847005500000',
      attributes: texts(
        ['db.query.text', 'UPDATE invoices SET paid = $1'],
        ['whence.principal.id', 'k8s://demo/jobs/nightly'],
        ['whence.principal.kind', 'scheduler'],
        ['whence.run.id', '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10'],
        ['whence.run.root.id', '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10'],
        ['whence.authority.id', 'policy:nightly-jobs@3'],
        ['whence.assurance', 'verified'],
        ['whence.action.system', 'postgresql'],
        ['whence.action.operation', 'UPDATE'],
        ['whence.action.target', 'postgresql://db:5432/bank/invoices'],
        ['whence.actor', 'spiffe://demo/billing'],
        ['whence.witness', 'sdk'],
      ),
      events: [],
      links: [],
      status: {},
    });
    expect(resourceSpans[2]!.scopeSpans[0]!.spans[1]!.status).toEqual({ code: 2 });
  });

  test.each([
    'startTime=2026-03-01T03:14:07Z&endTime=2026-03-01T03:14:08.123456789Z',
    'start_time=0001-01-01T00:00:00Z&end_time=2026-03-01T04:14:08+01:00&raw_traces=true',
  ])('times are hints: %s', async (query) => {
    expect((await got(`/api/v3/traces/${TRACE}?${query}`)).status).toBe(200);
  });

  test('404 where there is none', async () => {
    expect(await got('/api/v3/traces/2a')).toEqual({
      status: 404,
      body: { error: { httpCode: 404, message: 'No traces found' } },
    });
  });
});

describe('/api/v3/traces', () => {
  test.each([
    `${TIMES}&query.serviceName=report&query.searchDepth=3&query.attributes={"error":"true"}`,
    `${TIMES}&query.service_name=billing&query.operation_name=UPDATE%20invoices&query.num_traces=1`,
    'query.start_time_min=0001-01-01T00:00:00Z&query.start_time_max=9999-12-31T23:59:59Z&query.duration_min=1ms&query.duration_max=2ms',
  ])('%s', async (query) => {
    const { body } = await got(`/api/v3/traces?${query}`);
    expect(body).toEqual((await got(`/api/v3/traces/${TRACE}`)).body);
  });

  test('404 where none is found', async () => {
    expect(await got(`/api/v3/traces?${TIMES}&query.serviceName=no-such`)).toEqual({
      status: 404,
      body: { error: { httpCode: 404, message: 'No traces found' } },
    });
  });
});

test('/api/v3/trace-summaries, as Jaeger UI asks', async () => {
  const asks = `query.serviceName=billing&query.startTimeMin=2026-03-01T03:14:07.000Z&query.startTimeMax=2026-03-01T03:14:08.000Z&query.searchDepth=20&query.durationMin=1ms`;
  const { status, body } = await got<z.output<typeof SUMMARIES>>(`/api/v3/trace-summaries?${asks}`);
  expect(status).toBe(200);
  expect(body).toEqual({
    summaries: [
      {
        traceId: TRACE,
        rootServiceName: 'scheduler',
        rootOperationName: 'nightly-reconcile',
        minStartTimeUnixNano: '1772334847001000000',
        maxEndTimeUnixNano: '1772334847007500000',
        spanCount: 6,
        errorSpanCount: 1,
        orphanSpanCount: 0,
        services: [
          { name: 'billing', spanCount: 2, errorSpanCount: 0 },
          { name: 'report', spanCount: 2, errorSpanCount: 1 },
          { name: 'scheduler', spanCount: 2, errorSpanCount: 0 },
        ],
      },
    ],
  });
  expect((await got(`/api/v3/trace-summaries?${TIMES}&query.serviceName=no-such`)).body).toEqual({
    summaries: [],
  });
});
