import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { metricOf, startCollector } from './stage/collector-process.ts';
import { bearer, type CredentialsFile, writeCredentials } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { callGrpc } from './stage/grpc-call.ts';
import { askIssuer } from './stage/issuer-client.ts';
import { type OtlpEndpoint, startOtlpEndpoint } from './stage/otlp-endpoint.ts';
import { newSpan, newSpans, type OtlpSpan, protobufOf, requestWith } from './stage/otlp-request.ts';
import { temporaryDirectory } from './stage/take-down.ts';

const PRINCIPAL = 'k8s://prod/jobs/nightly';

let credentials: CredentialsFile;

beforeAll(() => {
  credentials = writeCredentials('example.com', [
    {
      id: 'scheduler',
      actor: 'k8s://prod/apps/scheduler',
      grants: [{ principal: { id: PRINCIPAL, kind: 'scheduler' }, authority: 'policy:nightly@3' }],
    },
  ]);
});

const start = (endpoint: OtlpEndpoint, dataDirectory = temporaryDirectory()) =>
  startCollector({
    credentialsPath: credentials.path,
    dataDirectory,
    environment: { WHENCE_FORWARD_URL: endpoint.url, WHENCE_FORWARD_HEADERS: 'x-api-key=s3%20cret' },
  });

const send = async (url: string, spans: readonly OtlpSpan[]): Promise<number> => {
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', ...bearer(credentials.keys['scheduler']!) },
    body: new Uint8Array(protobufOf(requestWith(spans))),
  });
  return response.status;
};

const attributesOf = ({ attributes = [] }: OtlpSpan): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));

describe('a second endpoint', () => {
  it('gets the same spans, with what the collector knows of them and nothing that a sender made up', async () => {
    const endpoint = await startOtlpEndpoint();
    const collector = await start(endpoint);
    const run = await askIssuer(collector.url, credentials.keys['scheduler'], '/v1/runs', { job: 'nightly' });
    const genuine = newSpan({
      traceState: `other=1,${run.json.traceState}`,
      name: 'UPDATE accounts',
      attributes: [
        { key: 'db.query.text', value: { stringValue: 'UPDATE accounts SET x = 1' } },
        { key: 'whence.attributed.principal.id', value: { stringValue: 'user:boss@example.com' } },
      ],
      events: [{ timeUnixNano: '1', name: 'e', attributes: [{ key: 'k', value: { intValue: '-5' } }] }],
      status: { code: 2, message: 'no' },
    });
    const stranger = newSpan({
      attributes: [{ key: 'whence.attributed.assurance', value: { stringValue: 'verified' } }],
    });
    expect(await send(collector.url, [genuine, stranger])).toBe(200);
    await eventually(() => endpoint.spans().length === 2);
    const [first, second] = endpoint.spans();
    expect(first).toMatchObject({
      traceId: genuine.traceId,
      spanId: genuine.spanId,
      traceState: genuine.traceState,
      name: genuine.name,
      startTimeUnixNano: genuine.startTimeUnixNano,
      endTimeUnixNano: genuine.endTimeUnixNano,
      status: genuine.status,
      events: genuine.events,
    });
    expect(attributesOf(first!)).toEqual({
      'db.query.text': 'UPDATE accounts SET x = 1',
      'whence.attributed.assurance': 'verified',
      'whence.attributed.run.id': run.json.run.id,
      'whence.attributed.run.root.id': run.json.run.id,
      'whence.attributed.run.job': 'nightly',
      'whence.attributed.principal.id': PRINCIPAL,
      'whence.attributed.principal.kind': 'scheduler',
      'whence.attributed.authority.id': 'policy:nightly@3',
      'whence.attributed.actor': 'k8s://prod/apps/scheduler',
      'whence.attributed.tenant': 'default',
    });
    expect(attributesOf(second!)['whence.attributed.assurance']).toBe('none');
    expect(endpoint.requests[0]!.headers['x-api-key']).toBe('s3 cret');
  });

  it('misses nothing while it is away, refuses or asks to wait, over kill -9 of the collector', async () => {
    const endpoint = await startOtlpEndpoint();
    await endpoint.away();
    const directory = temporaryDirectory();
    const first = await start(endpoint, directory);
    const sent = newSpans(60);
    for (let i = 0; i < 30; i++) expect(await send(first.url, [sent[i]!])).toBe(200);
    await first.kill();
    const second = await start(endpoint, directory);
    for (let i = 30; i < 60; i++) expect(await send(second.url, [sent[i]!])).toBe(200);
    endpoint.answer(503, { 'retry-after': '1' });
    await endpoint.back();
    await eventually(() => endpoint.requests.length > 0);
    endpoint.answer(200);
    const ids = (spans: readonly OtlpSpan[]): Set<string> => new Set(spans.map(({ spanId }) => spanId));
    await eventually(() => ids(endpoint.spans()).size === sent.length);
    expect(ids(endpoint.spans())).toEqual(ids(sent));
  });

  it('that asks to wait for longer than a timer can hold is not asked again at once', async () => {
    const endpoint = await startOtlpEndpoint();
    endpoint.answer(503, { 'retry-after': '9999999999' });
    const collector = await start(endpoint);
    expect(await send(collector.url, [newSpan()])).toBe(200);
    await eventually(() => endpoint.requests.length === 1);
    await pause(1_000);
    expect(endpoint.requests).toHaveLength(1);
  });

  it('that refuses for good does not hold up what comes after, and is counted', async () => {
    const endpoint = await startOtlpEndpoint();
    endpoint.answer(400);
    const collector = await start(endpoint);
    expect(await send(collector.url, [newSpan()])).toBe(200);
    await eventually(
      async () => (await metricOf(collector.url, 'whence_collector_forwards_refused_total')) === 1,
    );
    endpoint.answer(200);
    const span = newSpan();
    expect(await send(collector.url, [span])).toBe(200);
    await eventually(() => endpoint.spans().some(({ spanId }) => spanId === span.spanId));
  });
});

describe('logs and metrics', () => {
  // One log record; one metric of two data points: wire bytes of opentelemetry-proto's collector requests.
  const LOGS = Buffer.from('0a0612041202' + '0a00', 'hex');
  const METRICS = Buffer.from('0a0e120c120a3a080a000a000a000a00', 'hex');

  const post = (url: string, path: string, body: Uint8Array, type = 'application/x-protobuf') =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': type, ...bearer(credentials.keys['scheduler']!) },
      body: new Uint8Array(body),
    });

  it('are rejected in full, saying what to set, where nothing takes them', async () => {
    const collector = await startCollector({ credentialsPath: credentials.path });
    const logs = await post(
      collector.url,
      '/v1/logs',
      Buffer.from('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]}]}]}'),
      'application/json',
    );
    expect([logs.status, await logs.json()]).toEqual([
      200,
      {
        partialSuccess: {
          rejectedLogRecords: '2',
          errorMessage: expect.stringContaining('WHENCE_FORWARD_URL'),
        },
      },
    ]);
    const metrics = await post(collector.url, '/v1/metrics', METRICS);
    expect(metrics.status).toBe(200);
    expect(Buffer.from(await metrics.arrayBuffer()).subarray(2, 4)).toEqual(Buffer.from([0x08, 4]));
    const broken = await post(collector.url, '/v1/metrics', Buffer.from('ffffff', 'hex'));
    expect(broken.status).toBe(400);
    const empty = await post(collector.url, '/v1/logs', Buffer.alloc(0));
    expect([empty.status, (await empty.arrayBuffer()).byteLength]).toEqual([200, 0]);
  });

  it('are passed on as they are where a second endpoint is set', async () => {
    const endpoint = await startOtlpEndpoint();
    const collector = await start(endpoint);
    expect((await post(collector.url, '/v1/logs', LOGS)).status).toBe(200);
    expect((await post(collector.url, '/v1/metrics', METRICS)).status).toBe(200);
    await eventually(() => endpoint.requests.length === 2);
    const bodyOf = (path: string) => endpoint.requests.find((request) => request.path === path)?.body;
    expect(bodyOf('/v1/logs')).toEqual(LOGS);
    expect(bodyOf('/v1/metrics')).toEqual(METRICS);
  });

  it('are passed on in the encoding in which they came', async () => {
    const endpoint = await startOtlpEndpoint();
    const collector = await start(endpoint);
    const text = Buffer.from(
      '\n {"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"é"}}]}]}]}',
    );
    const sent = await post(collector.url, '/v1/logs', text, 'application/json');
    expect([sent.status, await sent.json()]).toEqual([200, {}]);
    await eventually(() => endpoint.requests.length === 1);
    const [request] = endpoint.requests;
    expect([request!.path, request!.headers['content-type']]).toEqual(['/v1/logs', 'application/json']);
    expect(request!.body).toEqual(text);
    for (const broken of ['{"resourceLogs":', '[]', '']) {
      expect((await post(collector.url, '/v1/logs', Buffer.from(broken), 'application/json')).status).toBe(
        400,
      );
    }
    expect(endpoint.requests.length).toBe(1);
  });

  it('over gRPC meet the same: passed on, or rejected in full', async () => {
    const path = (signal: string): string => `/opentelemetry.proto.collector.${signal}Service/Export`;
    const headers = bearer(credentials.keys['scheduler']!);
    const alone = await startCollector({ credentialsPath: credentials.path });
    const rejected = await callGrpc(alone.grpcAddress!, path('metrics.v1.Metrics'), METRICS, headers);
    expect([rejected.code, rejected.response.subarray(2, 4)]).toEqual([0, Buffer.from([0x08, 4])]);
    expect((await callGrpc(alone.grpcAddress!, path('logs.v1.Logs'), LOGS)).code).toBe(16);
    const endpoint = await startOtlpEndpoint();
    const collector = await start(endpoint);
    const taken = await callGrpc(collector.grpcAddress!, path('logs.v1.Logs'), LOGS, headers);
    expect([taken.code, taken.response.length]).toEqual([0, 0]);
    await eventually(() => endpoint.requests.length === 1);
    expect([endpoint.requests[0]!.path, endpoint.requests[0]!.body]).toEqual(['/v1/logs', LOGS]);
  });

  it('need a key like traces do', async () => {
    const collector = await startCollector({ credentialsPath: credentials.path });
    const response = await fetch(`${collector.url}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(LOGS),
    });
    expect(response.status).toBe(401);
  });
});
