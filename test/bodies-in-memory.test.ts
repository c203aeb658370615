import { connect as openHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { metricOf, startCollector } from './stage/collector-process.ts';
import { writeCredentials } from './stage/credentials-file.ts';
import { eventually } from './stage/eventually.ts';
import { callGrpc, exportOverGrpc } from './stage/grpc-call.ts';
import { newSpan, newSpans } from './stage/otlp-request.ts';
import { postProtobuf } from './stage/post.ts';
import { peakResidentBytesOf } from './stage/process-memory.ts';
import { takeDown } from './stage/take-down.ts';

const MEGABYTE = 1 << 20;
const BODIES_MAX_BYTES = 64 * MEGABYTE;
const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const GAUGE = 'whence_collector_bodies_bytes';

const sockets = new Set<Socket>();
takeDown(() => {
  for (const socket of sockets) socket.destroy();
});

/** A request that has sent so much of its body, and then says nothing more. Resolves with the answer, if one comes. */
const stalled = (url: string, sent: number, told: number) => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  sockets.add(socket);
  socket.on('error', () => {});
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${told}\r\n\r\n`,
  );
  socket.write(Buffer.alloc(sent));
  const answer = new Promise<string>((resolve) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\r\n\r\n')) resolve(text);
    });
  });
  return { socket, answer };
};

it('bodies that come at the same time take up no more memory than they may; the rest is told to wait', async () => {
  const collector = await startCollector({
    environment: { WHENCE_BODIES_MAX_BYTES: String(BODIES_MAX_BYTES) },
  });
  // 40 bodies of 16 MB, of which all but the last byte comes.
  const requests = Array.from({ length: 40 }, () => stalled(collector.url, 16 * MEGABYTE - 1, 16 * MEGABYTE));
  const refused = await eventually(async () => {
    const answers = await Promise.all(requests.map(({ answer }) => Promise.race([answer, undefined])));
    const got = answers.filter((answer) => answer !== undefined);
    return got.length >= 36 ? got : undefined;
  });
  for (const answer of refused) {
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer.toLowerCase()).toContain('retry-after: 1');
  }
  expect(await metricOf(collector.url, GAUGE)).toBeLessThanOrEqual(BODIES_MAX_BYTES);
  expect(peakResidentBytesOf(collector.pid)).toBeLessThan(450 * MEGABYTE);
  for (const { socket } of requests) socket.destroy();
  await eventually(async () => (await metricOf(collector.url, GAUGE)) === 0);
  expect((await postProtobuf(collector.url, newSpans(10))).status).toBe(200);
});

it('what is only promised takes up nothing: a sender that says it will send much keeps nobody out', async () => {
  const collector = await startCollector({
    environment: { WHENCE_BODIES_MAX_BYTES: String(8 * MEGABYTE) },
  });
  for (let i = 0; i < 4; i++) stalled(collector.url, 1_000, 60 * MEGABYTE);
  await eventually(async () => ((await metricOf(collector.url, GAUGE)) ?? 0) > 0);
  expect((await postProtobuf(collector.url, newSpans(10))).status).toBe(200);
});

/** The status of a call of which nothing but the headers is ever sent. */
const statusOfHeaders = (grpcAddress: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const session = openHttp2(`http://${grpcAddress}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': EXPORT,
      'content-type': 'application/grpc',
    });
    stream.on('response', (headers) => {
      resolve(Number(headers['grpc-status']));
      session.destroy();
    });
    stream.on('error', reject);
  });

it('over gRPC, a sender is told before it has sent its message', async () => {
  const strict = await startCollector({ credentialsPath: writeCredentials('example.com', []).path });
  expect(await statusOfHeaders(strict.grpcAddress!)).toBe(16);
  const collector = await startCollector({
    environment: { WHENCE_BODIES_MAX_BYTES: String(MEGABYTE) },
  });
  const { socket } = stalled(collector.url, 3 * MEGABYTE, 4 * MEGABYTE);
  await eventually(async () => ((await metricOf(collector.url, GAUGE)) ?? 0) >= MEGABYTE);
  expect(await statusOfHeaders(collector.grpcAddress!)).toBe(14);
  const large = await callGrpc(collector.grpcAddress!, EXPORT, Buffer.alloc(20 * MEGABYTE));
  expect([large.code, large.details.includes('google.rpc.RetryInfo')]).toEqual([14, true]);
  socket.destroy();
  await eventually(async () => (await metricOf(collector.url, GAUGE)) === 0);
  expect((await exportOverGrpc(collector.grpcAddress!, [newSpan()])).code).toBe(0);
});
