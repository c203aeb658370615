import { connect, type IncomingHttpHeaders, type SecureClientSessionOptions } from 'node:http2';
import { type OtlpSpan, protobufOf, requestWith } from './otlp-request.ts';

export interface GrpcAnswer {
  /** `grpc-status`: 0 is OK. */
  readonly code: number;
  readonly message: string;
  /** Of `grpc-status-details-bin`, as text with the rest of its bytes. */
  readonly details: string;
}

const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** One unary export, by no gRPC library; rejects where the connection fails. */
export const exportOverGrpc = (
  grpcAddress: string,
  spans: readonly OtlpSpan[],
  headers: Readonly<Record<string, string>> = {},
  tls?: SecureClientSessionOptions,
): Promise<GrpcAnswer> =>
  new Promise((resolve, reject) => {
    const session = connect(`${tls === undefined ? 'http' : 'https'}://${grpcAddress}`, tls);
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': EXPORT,
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
        code: Number(last['grpc-status']),
        message: decodeURIComponent(String(last['grpc-message'] ?? '')),
        details: Buffer.from(String(last['grpc-status-details-bin'] ?? ''), 'base64').toString(),
      });
    });
    stream.resume();
    const message = protobufOf(requestWith(spans));
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
