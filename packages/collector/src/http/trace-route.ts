import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CredentialSet } from '@whence/identity';
import { isCoded } from '@whence/model';
import type { Logger } from 'pino';
import { COUNTED, type Counters } from '../counters.ts';
import type { Intake, Sender } from '../intake/intake.ts';
import { protobufFromJson } from '../otlp/json-request.ts';
import { type OtlpEncoding, otlpEncodingOf, sendOtlpAccepted, sendOtlpError } from './otlp-answer.ts';
import { readBody } from './read-body.ts';
import { identify } from './sender.ts';

export interface TraceRouteParts {
  readonly intake: Intake;
  readonly credentials: CredentialSet | undefined;
  readonly bodyMaxBytes: number;
  readonly counters: Counters;
  readonly log: Logger;
}

export const ANONYMOUS: Sender = { tenant: 'default', actor: '', witness: 'sdk' };

const RETRY_AFTER = { 'retry-after': '1' };

/**
 * `POST /v1/traces` (OTLP/HTTP). 200 means: on disk. What cannot be kept now is 503 with `Retry-After`; a fault that we
 * do not know is 503 too, since senders give up on 500.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export const traceRoute = (parts: TraceRouteParts) => {
  const { intake, credentials, bodyMaxBytes, counters, log } = parts;

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const encoding = otlpEncodingOf(request.headers['content-type']);
    const refuse = (httpStatus: number, message: string, headers: Record<string, string> = {}): void => {
      counters.add(COUNTED.requestsRefused, 1, `status="${httpStatus}"`);
      const unread = request.readableEnded ? headers : { ...headers, connection: 'close' };
      sendOtlpError(response, encoding ?? 'application/x-protobuf', httpStatus, message, unread);
    };
    if (request.method !== 'POST')
      return refuse(405, `${request.method} is not allowed here: use POST`, { allow: 'POST' });
    if (encoding === undefined) {
      return refuse(415, 'Content-Type must be application/x-protobuf or application/json');
    }
    const identified = identify(request, credentials);
    if (identified.status === 'refused') {
      return refuse(401, identified.reason, { 'www-authenticate': 'Bearer' });
    }
    const body = await readBody(request, bodyMaxBytes);
    if (body.status === 'aborted') return;
    if (body.status === 'refused') return refuse(body.httpStatus, body.reason);
    try {
      const sender = identified.status === 'anonymous' ? ANONYMOUS : identified.credential;
      const { rejectedSpans } = await intake.accept(asProtobuf(body.bytes, encoding), sender);
      sendOtlpAccepted(
        response,
        encoding,
        rejectedSpans,
        'spans without a trace id or a span id are not kept',
      );
    } catch (error) {
      if (isCoded(error, 'otlp_malformed')) return refuse(400, error.message);
      if (!isCoded(error, 'spool_unavailable')) log.error({ err: error }, 'unexpected fault in /v1/traces');
      refuse(503, error instanceof Error ? error.message : 'cannot be kept now', RETRY_AFTER);
    }
  };
};

const asProtobuf = (body: Uint8Array, encoding: OtlpEncoding): Uint8Array =>
  encoding === 'application/json' ? protobufFromJson(Buffer.from(body).toString('utf8')) : body;
