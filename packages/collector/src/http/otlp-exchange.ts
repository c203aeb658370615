import type { IncomingMessage, ServerResponse } from 'node:http';
import { presentedBy } from '@whence/identity';
import type { Counters } from '@whence/model';
import { COUNTED } from '../counters.ts';
import type { Sender } from '../intake/intake.ts';
import type { OtlpEncoding } from '../otlp/encoding.ts';
import type { BodyLimits } from '../receive/body-memory.ts';
import { NO_ROOM, type Refused } from '../receive/refusal.ts';
import type { Receiver } from '../receive/trace-receiver.ts';
import { HTTP_STATUS, otlpEncodingOf, sendOtlpAccepted, sendOtlpError } from './otlp-answer.ts';
import { readBody } from './read-body.ts';

/** A request that may be taken: who sends, and the inflated body. */
export interface ReceivedRequest {
  readonly sender: Sender;
  readonly bytes: Uint8Array;
  readonly encoding: OtlpEncoding;
  /** To be called once, when nothing looks at the bytes any more. */
  readonly release: () => void;
}

/** One OTLP/HTTP request and its answer, by the rules that all signals share. */
export interface OtlpExchange {
  /** Method, content type, sender, rate, size: undefined where it was answered already. */
  receive(receiver: Receiver, limits: BodyLimits): Promise<ReceivedRequest | undefined>;
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
    sendOtlpError(response, encoding ?? 'application/x-protobuf', httpStatus, message, headers);
    discardRest(request);
  };

  const refuseAs = ({ reason, message, retryAfterSeconds }: Refused): void =>
    refuse(HTTP_STATUS[reason], message, {
      ...(reason === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    });

  return {
    refuse,
    refuseAs,
    async receive(receiver, { bodyMaxBytes, bodyMemory }) {
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
      const body = await readBody(request, bodyMaxBytes, bodyMemory);
      if (body.status === 'no_room') refuseAs(NO_ROOM);
      if (body.status === 'refused') refuse(body.httpStatus, body.reason);
      if (body.status !== 'read') return undefined;
      const { bytes, release } = body;
      const { sender } = admitted;
      receiver.charge(sender, bytes.length);
      return { sender, bytes, encoding, release };
    },
    accept: (rejected, message, rejectedField) =>
      sendOtlpAccepted(response, encoding ?? 'application/x-protobuf', rejected, message, rejectedField),
  };
};

const DISCARD_MILLIS = 5_000;

/**
 * Reads what is left of a body that nobody wants. A connection that is closed on unread bytes is reset, and a sender
 * that is still sending then never sees its answer: to it, a refusal for good looks like a fault that may pass.
 */
const discardRest = (request: IncomingMessage): void => {
  if (request.readableEnded || request.destroyed) return;
  const timer = setTimeout(() => request.socket.destroy(), DISCARD_MILLIS);
  request.once('close', () => clearTimeout(timer));
  request.resume();
};
