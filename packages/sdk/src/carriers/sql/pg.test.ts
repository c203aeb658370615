import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../../testkit/app-process.ts';
import { type FakeIssuer, fakeIssuer } from '../../testkit/fake-issuer.ts';
import { type OtlpSink, otlpSink } from '../../testkit/otlp-sink.ts';
import { type Postgres, startPostgres } from '../../testkit/postgres.ts';

let postgres: Postgres;
let sink: OtlpSink;
let issuer: FakeIssuer;
beforeAll(async () => {
  postgres = await startPostgres();
  sink = await otlpSink();
  issuer = await fakeIssuer();
});
afterEach(() => {
  sink.clear();
  issuer.clear();
});
afterAll(async () => {
  await sink?.close();
  await issuer?.close();
  await postgres?.stop();
});

describe.each(['queries.mjs', 'queries-required.cjs'])('SQL of %s', (app) => {
  it('carries the span and the run in its comment, and is a span with the statement', async () => {
    const { code, stdout, stderr } = await runApp(app, {
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      WHENCE_ISSUER_URL: issuer.url,
      WHENCE_LOG: 'warn',
      DATABASE_URL: postgres.url,
    });
    expect([code, stderr]).toEqual([0, '']);
    const { reference, sent } = JSON.parse(stdout);
    const root = sink.named('queries');
    const query = sink.named('pg.query:SELECT postgres');
    expect(sent).toContain(`traceparent='00-${root.traceId}-${query.spanId}-01'`);
    expect(decodeURIComponent(sent)).toContain(`tracestate='whence=${reference}'`);
    expect(query).toMatchObject({
      parentSpanId: root.spanId,
      traceState: `whence=${reference}`,
      attributes: {
        'db.system.name': 'postgresql',
        'db.query.text': expect.stringContaining('SELECT current_query()'),
      },
    });
    expect(JSON.stringify(sink.spans)).not.toContain('hunter2');
  });
});
