import { connect, type IncomingHttpHeaders, type SecureClientSessionOptions } from 'node:http2';
import { type OtlpSpan, protobufOf, requestWith } from './otlp-request.ts';

export interface GrpcAnswer {
  /** The response message; empty where there is none. */
  readonly response: Buffer;
  /** `grpc-status`: 0 is OK. */
  readonly code: number;
  readonly message: string;
  /** Of `grpc-status-details-bin`, as text with the rest of its bytes. */
  readonly details: string;
}

/** Of a message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;

/** Enough for the largest message that a test sends. */
const SESSION_MEGABYTES = 100;

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

export const exportOverGrpc = (
  grpcAddress: string,
  spans: readonly OtlpSpan[],
  headers: Readonly<Record<string, string>> = {},
  tls?: SecureClientSessionOptions,
): Promise<GrpcAnswer> => callGrpc(grpcAddress, EXPORT, protobufOf(requestWith(spans)), headers, tls);

/** One unary call, by no gRPC library; rejects where the connection fails. */
export const callGrpc = (
  grpcAddress: string,
  path: string,
  message: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  tls?: SecureClientSessionOptions,
): Promise<GrpcAnswer> =>
  new Promise((resolve, reject) => {
    const session = connect(`${tls === undefined ? 'http' : 'https'}://${grpcAddress}`, {
      maxSessionMemory: SESSION_MEGABYTES,
      ...tls,
    });
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let last: IncomingHttpHeaders = {};
    stream.on('response', (response) => {
      last = response;
    });
    stream.on('trailers', (trailers: IncomingHttpHeaders) => {
      last = { ...last, ...trailers };
    });
    stream.on('error', reject);
    stream.on('close', () => {
      session.close();
      resolve({
        response: Buffer.concat(chunks).subarray(PREFIX_BYTES),
        code: Number(last['grpc-status']),
        message: decodeURIComponent(String(last['grpc-message'] ?? '')),
        details: Buffer.from(String(last['grpc-status-details-bin'] ?? ''), 'base64').toString(),
      });
    });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
