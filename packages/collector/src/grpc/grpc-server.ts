import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { TlsFiles } from '@whence/identity';
import type { Counters } from '@whence/model';
import type { Logger } from 'pino';
import { CollectorError } from '../collector-error.ts';
import type { BodyLimits } from '../receive/body-memory.ts';
import type { Receiver } from '../receive/trace-receiver.ts';
import type { UnkeptSignals } from '../receive/unkept-signals.ts';
import { Admission } from './admission.ts';
import { otlpServices } from './otlp-services.ts';
import { TlsCredentials } from './tls-credentials.ts';

export interface GrpcServer {
  /** `host:port`. */
  readonly address: string;
  /** Lets calls under way finish, for as long as `graceMillis`. */
  close(graceMillis: number): Promise<void>;
}

export interface GrpcParts {
  readonly receiver: Receiver;
  readonly unkept: UnkeptSignals;
  readonly limits: BodyLimits;
  readonly counters: Counters;
  /** Absent: in the clear. */
  readonly tls?: TlsFiles | undefined;
  readonly log: Logger;
}

/** Of one connection: each may have a message of the largest size under way. */
const CONCURRENT_CALLS_MAX = 100;
/** An exporter may keep its connection from one minute to the next. */
const IDLE_MILLIS = 600_000;

/**
 * OTLP/gRPC on a port of its own. An answer means what it means over HTTP: OK is "on disk".
 *
 * @throws CollectorError `listen_failed` that names the address.
 */
export const listenGrpc = async (host: string, port: number, parts: GrpcParts): Promise<GrpcServer> => {
  const { receiver, counters, tls } = parts;
  const { bodyMaxBytes, bodyMemory } = parts.limits;
  const admission = new Admission(receiver, bodyMemory, counters);
  const server = new Server({
    'grpc.max_receive_message_length': bodyMaxBytes,
    'grpc.max_send_message_length': 4 * 1024 * 1024,
    'grpc.max_concurrent_streams': CONCURRENT_CALLS_MAX,
    'grpc.max_connection_idle_ms': IDLE_MILLIS,
    interceptors: [admission.intercept],
  });
  for (const { definition, handlers } of otlpServices({ ...parts, bodyMemory, admission })) {
    server.addService(definition, handlers);
  }
  const credentials = tls === undefined ? ServerCredentials.createInsecure() : new TlsCredentials(tls);
  const address = `${host.includes(':') ? `[${host}]` : host}`;
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:${port}`, credentials, (cause, boundPort) => {
      if (cause === null) {
        resolve(boundPort);
        return;
      }
      const reason = cause.message.includes('EADDRINUSE')
        ? 'is in use by another process'
        : `cannot be used: ${cause.message}`;
      reject(new CollectorError('listen_failed', `address ${host}:${port} ${reason}`, { cause }));
    });
  });
  return { address: `${address}:${bound}`, close: (graceMillis) => close(server, graceMillis) };
};

const close = (server: Server, graceMillis: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMillis);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
