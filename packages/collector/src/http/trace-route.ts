import type { IncomingMessage, ServerResponse } from 'node:http';
import { COUNTED, type Counters } from '../counters.ts';
import { REJECTED_SPANS_MESSAGE } from '../otlp/export-response.ts';
import { protobufFromJson } from '../otlp/json-request.ts';
import type { Refused } from '../receive/refusal.ts';
import type { Receiver } from '../receive/trace-receiver.ts';
import { HTTP_STATUS, otlpEncodingOf, sendOtlpAccepted, sendOtlpError } from './otlp-answer.ts';
import { readBody } from './read-body.ts';

export interface TraceRouteParts {
  readonly receiver: Receiver;
  readonly bodyMaxBytes: number;
  readonly counters: Counters;
}

/**
 * `POST /v1/traces` (OTLP/HTTP). 200 means: on disk. What cannot be kept now is 503 with `Retry-After`; a fault that we
 * do not know is 503 too, since senders give up on 500.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export const traceRoute = ({ receiver, bodyMaxBytes, counters }: TraceRouteParts) => {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const encoding = otlpEncodingOf(request.headers['content-type']);
    const refuse = (httpStatus: number, message: string, headers: Record<string, string> = {}): void => {
      counters.add(COUNTED.requestsRefused, 1, `protocol="http",status="${httpStatus}"`);
      const unread = request.readableEnded ? headers : { ...headers, connection: 'close' };
      sendOtlpError(response, encoding ?? 'application/x-protobuf', httpStatus, message, unread);
    };
    const refuseAs = ({ reason, message, retryAfterSeconds }: Refused): void =>
      refuse(HTTP_STATUS[reason], message, {
        ...(reason === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
        ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
      });

    if (request.method !== 'POST') {
      return refuse(405, `${request.method} is not allowed here: use POST`, { allow: 'POST' });
    }
    if (encoding === undefined) {
      return refuse(415, 'Content-Type must be application/x-protobuf or application/json');
    }
    const admitted = receiver.admit(request.headers.authorization);
    if (admitted.status === 'refused') return refuseAs(admitted);
    const body = await readBody(request, bodyMaxBytes);
    if (body.status === 'aborted') return;
    if (body.status === 'refused') return refuse(body.httpStatus, body.reason);
    const { bytes } = body;
    const received = await receiver.receive(admitted.sender, () =>
      encoding === 'application/json' ? protobufFromJson(Buffer.from(bytes).toString('utf8')) : bytes,
    );
    if (received.status === 'refused') return refuseAs(received);
    sendOtlpAccepted(response, encoding, received.rejectedSpans, REJECTED_SPANS_MESSAGE);
  };
};
