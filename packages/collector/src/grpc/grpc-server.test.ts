import {
  type Client,
  Metadata,
  makeGenericClientConstructor,
  credentials as rpc,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { StoreError } from '@whence/store';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { CollectorError } from '../collector-error.ts';
import { newCounters } from '../counters.ts';
import type { Intake } from '../intake/intake.ts';
import { BodyMemory } from '../receive/body-memory.ts';
import { anyone } from '../receive/identify.ts';
import { TenantLimits } from '../receive/tenant-limits.ts';
import { createReceiver, type Receiver } from '../receive/trace-receiver.ts';
import { createUnkeptSignals } from '../receive/unkept-signals.ts';
import { decodeResponse } from '../testkit/otlp-oracle.ts';
import { type GrpcParts, type GrpcServer, listenGrpc } from './grpc-server.ts';

const log = pino({ level: 'silent' });
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const partsWith = (receiver: Receiver, bodyMemory = new BodyMemory(100_000)): GrpcParts => {
  const counters = newCounters();
  return {
    receiver,
    unkept: createUnkeptSignals(undefined, counters),
    limits: { bodyMaxBytes: 10_000, bodyMemory },
    counters,
    log,
  };
};

/** What a spool would do, at the wire of the intake. */
const start = async (
  accept: Intake['accept'],
  limits = new TenantLimits(() => undefined),
): Promise<GrpcServer> => {
  const receiver = createReceiver({
    intake: { accept },
    identify: anyone,
    limits,
    forwarding: undefined,
    log,
  });
  const server = await listenGrpc('127.0.0.1', 0, partsWith(receiver));
  closing.push(() => server.close(1_000));
  return server;
};

const asIs = (bytes: Buffer): Buffer => bytes;

const call = (server: GrpcServer, body: Uint8Array, gzip = false): Promise<Buffer> => {
  const Service = makeGenericClientConstructor(
    {
      export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    'TraceService',
  );
  const client = new Service(
    server.address,
    rpc.createInsecure(),
    gzip ? { 'grpc.default_compression_algorithm': 2 } : {},
  );
  closing.push(async () => (client as unknown as Client).close());
  return new Promise((resolve, reject) => {
    (client['export'] as (...parts: unknown[]) => void)(
      Buffer.from(body),
      new Metadata(),
      (error: ServiceError | null, answer: Buffer) => (error === null ? resolve(answer) : reject(error)),
    );
  });
};

it('hands on the bytes as they came, inflated', async () => {
  const received: Uint8Array[] = [];
  const server = await start(async (body) => {
    received.push(Buffer.from(body));
    return { spans: 1, rejectedSpans: 0 };
  });
  const body = Buffer.from(Array.from({ length: 300 }, (_, i) => i % 256));
  expect(decodeResponse(await call(server, body))).toEqual({});
  await call(server, body, true);
  expect(received).toEqual([body, body]);
});

it('says how many spans can never be kept', async () => {
  const server = await start(async () => ({ spans: 1, rejectedSpans: 2 }));
  expect(decodeResponse(await call(server, Buffer.alloc(1)))).toMatchObject({
    partialSuccess: { rejectedSpans: '2' },
  });
});

it('says UNAVAILABLE with a RetryInfo when nothing can be kept now, and for faults it does not know', async () => {
  for (const fault of [new StoreError('spool_unavailable', 'disk full'), new Error('surprise')]) {
    const server = await start(() => Promise.reject(fault));
    const error = (await call(server, Buffer.alloc(1)).catch((caught: unknown) => caught)) as ServiceError;
    expect(error.code).toBe(status.UNAVAILABLE);
    const [details] = error.metadata.get('grpc-status-details-bin');
    expect(details?.toString()).toContain('google.rpc.RetryInfo');
  }
});

it('says INVALID_ARGUMENT for bytes that are no OTLP: sending them again cannot help', async () => {
  const server = await start(() => Promise.reject(new CollectorError('otlp_malformed', 'at byte 3')));
  await expect(call(server, Buffer.alloc(1))).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: 'at byte 3',
  });
});

it('says RESOURCE_EXHAUSTED with a RetryInfo to a tenant over its rate, without one for what is too large', async () => {
  const limits = new TenantLimits(
    () => ({ bytesPerSecond: 1, burstBytes: 1 }),
    () => 0,
  );
  const server = await start(async () => ({ spans: 1, rejectedSpans: 0 }), limits);
  await call(server, Buffer.alloc(100));
  const limited = (await call(server, Buffer.alloc(1)).catch((caught: unknown) => caught)) as ServiceError;
  expect(limited.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(limited.metadata.get('grpc-status-details-bin').length).toBe(1);
  const unlimited = await start(async () => ({ spans: 1, rejectedSpans: 0 }));
  const large = (await call(unlimited, Buffer.alloc(20_000)).catch(
    (caught: unknown) => caught,
  )) as ServiceError;
  expect(large.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(large.metadata.get('grpc-status-details-bin').length).toBe(0);
});

it('reads no message for which there is no room', async () => {
  const bodyMemory = new BodyMemory(100);
  const received: number[] = [];
  const receiver = createReceiver({
    intake: {
      accept: async (body) => {
        received.push(body.length);
        return { spans: 1, rejectedSpans: 0 };
      },
    },
    identify: anyone,
    limits: new TenantLimits(() => undefined),
    forwarding: undefined,
    log,
  });
  const server = await listenGrpc('127.0.0.1', 0, partsWith(receiver, bodyMemory));
  closing.push(() => server.close(1_000));
  const others = bodyMemory.lease();
  for (const held of [60, 100]) {
    others.hold(held);
    const error = (await call(server, Buffer.alloc(50)).catch((caught: unknown) => caught)) as ServiceError;
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toContain('WHENCE_BODIES_MAX_BYTES');
    expect(error.metadata.get('grpc-status-details-bin').length).toBe(1);
  }
  others.release();
  await call(server, Buffer.alloc(50));
  expect([received, bodyMemory.bytes]).toEqual([[50], 0]);
});

it('names an address that is taken', async () => {
  const server = await start(async () => ({ spans: 0, rejectedSpans: 0 }));
  const port = Number(server.address.split(':')[1]);
  const receiver = createReceiver({
    intake: { accept: async () => ({ spans: 0, rejectedSpans: 0 }) },
    identify: anyone,
    limits: new TenantLimits(() => undefined),
    forwarding: undefined,
    log,
  });
  const again = listenGrpc('127.0.0.1', port, partsWith(receiver));
  await expect(again).rejects.toMatchObject({
    code: 'listen_failed',
    message: expect.stringContaining(String(port)),
  });
});
