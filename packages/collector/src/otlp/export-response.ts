import { WireWriter } from './wire-writer.ts';

export const REJECTED_SPANS_MESSAGE = 'spans without a trace id or a span id are not kept';

/** An `ExportTraceServiceResponse`; `partial_success` is set only where spans were rejected. */
export const acceptedResponse = (rejectedSpans: number): Uint8Array =>
  partialSuccess(rejectedSpans, REJECTED_SPANS_MESSAGE);

/** The response of any OTLP service: they differ in names only. */
export const partialSuccess = (rejected: number, message: string): Uint8Array => {
  const body = new WireWriter();
  if (rejected > 0) body.message(1, new WireWriter().int(1, rejected).string(2, message));
  return body.finish();
};
