import { WireWriter } from '../otlp/wire-writer.ts';

const RETRY_INFO_TYPE = 'type.googleapis.com/google.rpc.RetryInfo';

/**
 * A `google.rpc.Status` with a `RetryInfo`, for the trailer `grpc-status-details-bin`: without it a client takes
 * RESOURCE_EXHAUSTED for final (OTLP, "OTLP/gRPC Throttling").
 */
export const retryDetails = (code: number, message: string, retryAfterSeconds: number): Buffer => {
  const retryInfo = new WireWriter().message(1, new WireWriter().int(1, retryAfterSeconds));
  const any = new WireWriter().string(1, RETRY_INFO_TYPE).message(2, retryInfo);
  return Buffer.from(new WireWriter().int(1, code).string(2, message).message(3, any).finish());
};
