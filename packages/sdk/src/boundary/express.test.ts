import { request } from 'node:http';
import { formatReference, newRunId } from '@whence/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AppProcess, startApp } from '../testkit/app-process.ts';
import { type OtlpSink, otlpSink } from '../testkit/otlp-sink.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const RUN_ID = newRunId();
const CALLED = {
  traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`,
  tracestate: `whence=${formatReference({ runId: RUN_ID })}`,
  baggage: 'owner=anna',
};

let sink: OtlpSink;
let app: AppProcess;
let port: number;
const start = async (inbound: string): Promise<void> => {
  sink = await otlpSink();
  app = startApp('edge.mjs', {
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
    OTEL_BSP_SCHEDULE_DELAY: '10',
    WHENCE_LOG: 'warn',
    WHENCE_INBOUND: inbound,
  });
  ({ port } = JSON.parse(await app.line()));
};
const stop = async (): Promise<void> => {
  app.child.kill('SIGUSR2');
  expect(await app.ended).toMatchObject({ code: 0, stderr: '' });
  await sink.close();
};

interface Answer {
  readonly run?: string;
  readonly owner?: string;
  readonly body: unknown;
}

/** Answered, and its spans received. */
const post = async (path: string, type: string, headers: Record<string, string>): Promise<Answer> => {
  const answer = await new Promise<Answer>((resolve, reject) => {
    const outgoing = request(
      { port, path, method: 'POST', headers: { 'content-type': type, connection: 'close', ...headers } },
      async (response) => resolve(JSON.parse((await response.setEncoding('utf8').toArray()).join(''))),
    );
    outgoing.on('error', reject).end('{"a":1}');
  });
  await expect.poll(() => sink.spans.map(({ kind }) => kind)).toContain(2);
  return answer;
};

const serverSpan = () => sink.spans.find(({ kind }) => kind === 2)!;
const BODIES = [
  ['application/json', { a: 1 }],
  ['text/plain', { text: '{"a":1}', left: 0 }],
] as const;
const actions = (inbound: string, type: string): string[] => [
  `${inbound} work`,
  `${inbound} finished`,
  ...(type === 'text/plain' ? [`${inbound} read`] : []),
];

describe('express(), in a process that takes up what comes in', () => {
  beforeAll(() => start('verified'));
  afterEach(() => sink.clear());
  afterAll(stop);

  it.each(BODIES)('leaves a route as it is by default (%s)', async (type, body) => {
    const answer = await post('/verified/orders/7?x=1', type, CALLED);
    expect(answer).toEqual({ run: RUN_ID, owner: 'anna', body });
    for (const name of actions('verified', type)) {
      const { traceId, parentSpanId, traceState } = sink.named(name);
      expect([traceId, parentSpanId, traceState]).toEqual([TRACE_ID, serverSpan().spanId, CALLED.tracestate]);
    }
  });

  it.each(BODIES)('links what happens behind it to the server span, in no run (%s)', async (type, body) => {
    expect(await post('/link/orders/7', type, CALLED)).toEqual({ body });
    expect(serverSpan()).toMatchObject({
      traceId: TRACE_ID,
      parentSpanId: SPAN_ID,
      traceState: CALLED.tracestate,
    });
    const first = sink.named('POST /link/orders/:id', 1);
    expect([first.traceId === TRACE_ID, first.parentSpanId, first.traceState]).toEqual([false, '', '']);
    expect(first.links).toMatchObject([
      { traceId: TRACE_ID, spanId: serverSpan().spanId, attributes: { 'whence.cause': 'call' } },
    ]);
    for (const name of actions('link', type)) {
      const { traceId, parentSpanId, traceState, links } = sink.named(name);
      expect([traceId, parentSpanId, traceState, links]).toEqual([first.traceId, first.spanId, '', []]);
    }
  });

  it.each(BODIES)('discards what came in, for what happens behind it (%s)', async (type, body) => {
    expect(await post('/discard/orders/7', type, CALLED)).toEqual({ body });
    const first = sink.named('POST /discard/orders/:id', 1);
    expect([first.traceId === TRACE_ID, first.parentSpanId, first.links]).toEqual([false, '', []]);
    for (const name of actions('discard', type)) {
      const { traceId, parentSpanId, traceState, links } = sink.named(name);
      expect([traceId, parentSpanId, traceState, links]).toEqual([first.traceId, first.spanId, '', []]);
    }
  });

  it.each(['verified', 'link', 'discard'])(
    'leaves a request in one trace that came without a cause: %s',
    async (inbound) => {
      expect(await post(`/${inbound}/orders/7`, 'text/plain', {})).toMatchObject({ body: { left: 0 } });
      for (const name of actions(inbound, 'text/plain')) {
        expect(sink.named(name)).toMatchObject({
          traceId: serverSpan().traceId,
          parentSpanId: serverSpan().spanId,
        });
      }
    },
  );

  it.each(['verified', 'link', 'discard'])('tells the route: %s', async (inbound) => {
    await post(`/${inbound}/orders/7`, 'application/json', CALLED);
    expect(serverSpan()).toMatchObject({
      name: `POST /${inbound}/orders/:id`,
      attributes: { 'http.route': `/${inbound}/orders/:id` },
    });
  });
});

describe('express(), in a process that links what comes in', () => {
  beforeAll(() => start('link'));
  afterEach(() => sink.clear());
  afterAll(stop);

  it.each(['verified', 'link'])('links no further, and is not looser: %s', async (inbound) => {
    expect(await post(`/${inbound}/orders/7`, 'application/json', CALLED)).toEqual({ body: { a: 1 } });
    expect(serverSpan().links).toMatchObject([{ traceId: TRACE_ID, spanId: SPAN_ID }]);
    expect(serverSpan().traceState).toBe('');
    for (const name of actions(inbound, 'application/json')) {
      const { traceId, parentSpanId, links } = sink.named(name);
      expect([traceId, parentSpanId, links]).toEqual([serverSpan().traceId, serverSpan().spanId, []]);
    }
  });

  it('can be stricter', async () => {
    await post('/discard/orders/7', 'application/json', CALLED);
    for (const name of actions('discard', 'application/json')) {
      const { traceId, links } = sink.named(name);
      expect([traceId === serverSpan().traceId, links]).toEqual([false, []]);
    }
  });
});
