import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { CollectorError } from '../collector-error.ts';
import { COUNTED, type Counters } from '../counters.ts';
import { acceptedResponse } from '../otlp/export-response.ts';
import type { RefusalReason, Refused } from '../receive/refusal.ts';
import type { Receiver } from '../receive/trace-receiver.ts';
import type { TlsFiles } from '../tls/tls-files.ts';
import { presentedBy } from './presented.ts';
import { retryDetails } from './status-details.ts';
import { TlsCredentials } from './tls-credentials.ts';

export interface GrpcServer {
  /** `host:port`. */
  readonly address: string;
  /** Lets calls under way finish, for as long as `graceMillis`. */
  close(graceMillis: number): Promise<void>;
}

export interface GrpcParts {
  readonly receiver: Receiver;
  readonly bodyMaxBytes: number;
  readonly counters: Counters;
  /** Absent: in the clear. */
  readonly tls?: TlsFiles | undefined;
  readonly log: Logger;
}

/** Messages stay bytes: the one decoder of this collector reads them. */
const asIs = (bytes: Buffer): Buffer => bytes;

const method = (path: string) => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
});

const TRACE_SERVICE: ServiceDefinition = {
  export: method('/opentelemetry.proto.collector.trace.v1.TraceService/Export'),
};

const CODE: Readonly<Record<RefusalReason, status>> = {
  unauthenticated: status.UNAUTHENTICATED,
  rate_limited: status.RESOURCE_EXHAUSTED,
  too_large: status.RESOURCE_EXHAUSTED,
  malformed: status.INVALID_ARGUMENT,
  unavailable: status.UNAVAILABLE,
};

/**
 * OTLP/gRPC on a port of its own. An answer means what it means over HTTP: OK is "on disk".
 *
 * @throws CollectorError `listen_failed` that names the address.
 */
export const listenGrpc = async (host: string, port: number, parts: GrpcParts): Promise<GrpcServer> => {
  const server = new Server({
    'grpc.max_receive_message_length': parts.bodyMaxBytes,
    'grpc.max_send_message_length': 4 * 1024 * 1024,
  });
  server.addService(TRACE_SERVICE, { export: traceExport(parts) });
  const credentials =
    parts.tls === undefined ? ServerCredentials.createInsecure() : new TlsCredentials(parts.tls);
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

const traceExport =
  ({ receiver, counters, log }: GrpcParts): handleUnaryCall<Buffer, Buffer> =>
  (call, answer) => {
    receive(receiver, call)
      .then((received) => {
        if (Buffer.isBuffer(received)) answer(null, received);
        else refuse(received, counters, answer);
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'unexpected fault in TraceService/Export');
        answer({ code: status.UNAVAILABLE, details: 'cannot be kept now' });
      });
  };

const receive = async (
  receiver: Receiver,
  call: ServerUnaryCall<Buffer, Buffer>,
): Promise<Buffer | Refused> => {
  const admitted = await receiver.admit(presentedBy(call));
  if (admitted.status === 'refused') return admitted;
  receiver.charge(admitted.sender, call.request.length);
  const received = await receiver.receive(admitted.sender, () => call.request);
  return received.status === 'refused' ? received : Buffer.from(acceptedResponse(received.rejectedSpans));
};

const refuse = (refusal: Refused, counters: Counters, answer: sendUnaryData<Buffer>): void => {
  const code = CODE[refusal.reason];
  counters.add(COUNTED.requestsRefused, 1, `protocol="grpc",reason="${refusal.reason}"`);
  const metadata = new Metadata();
  if (refusal.retryAfterSeconds !== undefined) {
    metadata.set('grpc-status-details-bin', retryDetails(code, refusal.message, refusal.retryAfterSeconds));
  }
  answer({ code, details: refusal.message, metadata });
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
