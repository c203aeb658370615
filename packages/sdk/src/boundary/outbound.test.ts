import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server as GrpcServer, type Metadata, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, runApp } from '../testkit/app-process.ts';
import { type FakeIssuer, fakeIssuer } from '../testkit/fake-issuer.ts';
import { type OtlpSink, otlpSink } from '../testkit/otlp-sink.ts';

const TOKEN = `eyJ0eXAiOiJ0eG50b2tlbitqd3QifQ.${Buffer.from('{"sub":"nightly"}').toString('base64url')}.c2ln`;

/** What each path was sent; `sends.mjs` knows this server by two names, of which one is on the list. */
const seen = new Map<string, IncomingHttpHeaders>();
const metadataSeen: Metadata[] = [];
let sink: OtlpSink;
let issuer: FakeIssuer;
let server: Server;
let grpc: GrpcServer;
let ended: Ended;

beforeAll(async () => {
  [sink, issuer] = await Promise.all([otlpSink(), fakeIssuer()]);
  server = createServer(({ url = '', headers }, response) => {
    const away = /^\/away\?to=(.*)$/.exec(url)?.[1];
    if (away === undefined) seen.set(url, headers);
    else response.writeHead(302, { location: away });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  grpc = new GrpcServer();
  const bytes = (value: Buffer): Buffer => value;
  grpc.addService(
    {
      Convert: {
        path: '/fx.Rates/Convert',
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      Convert: (call: { metadata: Metadata; request: Buffer }, answer: (e: null, r: Buffer) => void) => {
        metadataSeen.push(call.metadata);
        answer(null, call.request);
      },
    },
  );
  const grpcPort = await new Promise<number>((resolve, reject) => {
    grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });

  issuer.txnToken = TOKEN;
  ended = await runApp('sends.mjs', {
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
    WHENCE_ISSUER_URL: issuer.url,
    WHENCE_KEY: 'wk_1.secret',
    WHENCE_PROPAGATE_TO: 'localhost',
    LISTED: `http://localhost:${port}`,
    OTHER: `http://127.0.0.1:${port}`,
    GRPC_LISTED: `localhost:${grpcPort}`,
    GRPC_OTHER: `127.0.0.1:${grpcPort}`,
  });
});
afterAll(async () => {
  grpc?.forceShutdown();
  server?.close();
  await Promise.all([sink?.close(), issuer?.close()]);
});

const REFERENCE = expect.stringMatching(/^whence=[\w-]{22}\.k1\.[\w-]{16}$/);
const ids = { traceparent: expect.stringMatching(/^00-/), tracestate: REFERENCE };
const more = { baggage: 'owner=anna', 'txn-token': TOKEN };

const fieldsOf = (path: string): IncomingHttpHeaders => {
  const { traceparent, tracestate, baggage, 'txn-token': token } = seen.get(path) ?? {};
  return JSON.parse(JSON.stringify({ traceparent, tracestate, baggage, 'txn-token': token }));
};

describe('a run that calls a host on the list and one that is not', () => {
  it('goes well, and says once that baggage stays here', () => {
    expect([ended.code, ended.stderr.split('\n').filter((line) => !line.includes('tracing http'))]).toEqual([
      0,
      ['whence: baggage is not sent to 127.0.0.1: it goes to hosts that WHENCE_PROPAGATE_TO names', ''],
    ]);
  });

  it.each(['/http/listed', '/fetch/listed'])('sends the reference, baggage and the token to %s', (path) => {
    expect(fieldsOf(path)).toEqual({ ...ids, ...more });
  });

  it.each(['/http/other', '/fetch/other'])('sends the reference alone to %s', (path) => {
    expect(fieldsOf(path)).toEqual(ids);
  });

  it('sends to the host of a redirect what that host may have', () => {
    expect(fieldsOf('/redirected/other')).toEqual(ids);
    expect(fieldsOf('/redirected/listed')).toEqual({ ...ids, ...more });
  });

  it('sends what a proxy hands on to where it hands it on', () => {
    expect(fieldsOf('http://third.example/proxied/http?x=1')).toEqual(ids);
  });

  it('replaces headers by hand that it sends itself, and leaves the others', () => {
    for (const path of ['/by-hand/fetch', '/by-hand/http']) {
      expect(fieldsOf(path)).toEqual({ ...ids, ...more });
      expect(fieldsOf(path)['traceparent']).not.toContain('b7ad6b7169203331');
    }
    expect(fieldsOf('/by-hand/other')).toEqual({ ...ids, 'txn-token': 'by.hand.it' });
  });

  it('does so over gRPC, where the metadata of one call are passed to the next', () => {
    const [listed, other] = metadataSeen.map((metadata) => {
      const { traceparent, tracestate, baggage, order, 'txn-token': token } = metadata.getMap();
      return JSON.parse(JSON.stringify({ traceparent, tracestate, baggage, order, 'txn-token': token }));
    });
    expect(listed).toEqual({ ...ids, ...more, order: '7' });
    expect(other).toEqual({ ...ids, order: '7' });
    expect(JSON.parse(ended.stdout)).toEqual({ order: '7' });
  });

  it('records the token nowhere', () => {
    expect(sink.spans.length).toBeGreaterThan(10);
    expect(JSON.stringify(sink.spans)).not.toContain(TOKEN.split('.')[1]);
    expect(ended.stderr + ended.stdout).not.toContain(TOKEN);
  });
});
