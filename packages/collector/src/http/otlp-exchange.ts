import type { IncomingMessage, ServerResponse } from 'node:http';
import { COUNTED, type Counters } from '../counters.ts';
import type { Sender } from '../intake/intake.ts';
import type { Refused } from '../receive/refusal.ts';
import type { Receiver } from '../receive/trace-receiver.ts';
import {
  HTTP_STATUS,
  type OtlpEncoding,
  otlpEncodingOf,
  sendOtlpAccepted,
  sendOtlpError,
} from './otlp-answer.ts';
import { presentedBy } from './presented.ts';
import { readBody } from './read-body.ts';

/** A request that may be taken: who sends, and the inflated body. */
export interface ReceivedRequest {
  readonly sender: Sender;
  readonly bytes: Uint8Array;
  readonly encoding: OtlpEncoding;
}

/** One OTLP/HTTP request and its answer, by the rules that all signals share. */
export interface OtlpExchange {
  /** Method, content type, sender, rate, size: undefined where it was answered already. */
  receive(receiver: Receiver, bodyMaxBytes: number): Promise<ReceivedRequest | undefined>;
  accept(rejected: number, message: string, rejectedField: string): void;
  refuse(httpStatus: number, message: string, headers?: Readonly<Record<string, string>>): void;
  refuseAs(refusal: Refused): void;
}

/** https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export const otlpExchange = (
  request: IncomingMessage,
  response: ServerResponse,
  counters: Counters,
): OtlpExchange => {
  const encoding = otlpEncodingOf(request.headers['content-type']);

  const refuse: OtlpExchange['refuse'] = (httpStatus, message, headers = {}) => {
    counters.add(COUNTED.requestsRefused, 1, `protocol="http",status="${httpStatus}"`);
    const unread = request.readableEnded ? headers : { ...headers, connection: 'close' };
    sendOtlpError(response, encoding ?? 'application/x-protobuf', httpStatus, message, unread);
  };

  const refuseAs = ({ reason, message, retryAfterSeconds }: Refused): void =>
    refuse(HTTP_STATUS[reason], message, {
      ...(reason === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    });

  return {
    refuse,
    refuseAs,
    async receive(receiver, bodyMaxBytes) {
      if (request.method !== 'POST') {
        refuse(405, `${request.method} is not allowed here: use POST`, { allow: 'POST' });
        return undefined;
      }
      if (encoding === undefined) {
        refuse(415, 'Content-Type must be application/x-protobuf or application/json');
        return undefined;
      }
      const admission = receiver.admit(presentedBy(request));
      const admitted = admission instanceof Promise ? await admission : admission;
      if (admitted.status === 'refused') {
        refuseAs(admitted);
        return undefined;
      }
      const body = await readBody(request, bodyMaxBytes);
      if (body.status === 'refused') refuse(body.httpStatus, body.reason);
      return body.status === 'read' ? { sender: admitted.sender, bytes: body.bytes, encoding } : undefined;
    },
    accept: (rejected, message, rejectedField) =>
      sendOtlpAccepted(response, encoding ?? 'application/x-protobuf', rejected, message, rejectedField),
  };
};
