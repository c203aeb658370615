import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';

/** What became of a request. */
export type Sent =
  /** `rejected` spans of it are refused for good (OTLP, partial success). */
  | { readonly status: 'taken'; readonly rejected: number; readonly reason: string }
  /** The request itself is at fault: sent again it would be refused again. */
  | { readonly status: 'refused'; readonly reason: string }
  /** Nobody answers, or not now, or not to this credential: for a later day. */
  | { readonly status: 'away'; readonly reason: string; readonly retryAfterMillis?: number };

/** The receiver of spans. */
export interface Sender {
  /** @param request an `ExportTraceServiceRequest` in protobuf. Never rejects. */
  send(request: Uint8Array): Promise<Sent>;
}

/** @param body an `ExportTraceServiceResponse` in protobuf; what cannot be read says nothing against the request */
export const taken = (body: Uint8Array): Sent => {
  try {
    const { partialSuccess } = ProtobufTraceSerializer.deserializeResponse(body);
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    return { status: 'taken', rejected, reason: partialSuccess?.errorMessage ?? '' };
  } catch {
    return { status: 'taken', rejected: 0, reason: '' };
  }
};
