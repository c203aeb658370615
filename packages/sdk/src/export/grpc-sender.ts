import type { Client, Metadata, ServiceError } from '@grpc/grpc-js';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { messageOf } from '../runs/failure.ts';
import { type Sender, type Sent, taken } from './sender.ts';

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/**
 * OTLP/gRPC, set up by the `OTEL_EXPORTER_OTLP_*` variables (headers, timeout, gzip, certificates). gRPC itself is loaded
 * with the first request, when it is traced for the host already.
 */
export const grpcSender = (url: string, authorization: string | undefined): Sender => {
  let opened: Promise<Channel> | undefined;
  const post = async (request: Uint8Array): Promise<Sent> => {
    opened ??= openChannel(url, authorization);
    const { client, metadata, timeoutMillis } = await opened;
    return new Promise((resolve) => {
      const deadline = Date.now() + timeoutMillis;
      client.makeUnaryRequest(
        EXPORT,
        bytes,
        asTheyAre,
        Buffer.from(request),
        metadata,
        { deadline },
        answered,
      );
      function answered(error: ServiceError | null, body?: Buffer): void {
        resolve(error === null ? taken(body ?? Buffer.alloc(0)) : failed(error));
      }
    });
  };
  return {
    send: (request) =>
      context
        .with(suppressTracing(context.active()), () => post(request))
        .catch((error: unknown) => {
          opened = undefined;
          return { status: 'away', reason: messageOf(error) };
        }),
  };
};

interface Channel {
  readonly client: Client;
  readonly metadata: Metadata;
  readonly timeoutMillis: number;
}

const openChannel = async (url: string, authorization: string | undefined): Promise<Channel> => {
  const { Client: GrpcClient, compressionAlgorithms } = await import('@grpc/grpc-js');
  const { convertLegacyOtlpGrpcOptions } = await import('@opentelemetry/otlp-grpc-exporter-base');
  const options = convertLegacyOtlpGrpcOptions({ url }, 'TRACES');
  const metadata = options.metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  const client = new GrpcClient(options.url, options.credentials(), {
    'grpc.default_compression_algorithm':
      options.compression === 'gzip' ? compressionAlgorithms.gzip : compressionAlgorithms.identity,
  });
  return { client, metadata, timeoutMillis: options.timeoutMillis };
};

const bytes = (request: Buffer): Buffer => request;
const asTheyAre = (body: Buffer): Buffer => body;

/** `INVALID_ARGUMENT`: of all other codes an operator, or time, can make a success. */
const INVALID_ARGUMENT = 3;

const failed = ({ code, details }: ServiceError): Sent => {
  const reason = `gRPC status ${code}: ${details}`;
  return code === INVALID_ARGUMENT ? { status: 'refused', reason } : { status: 'away', reason };
};
