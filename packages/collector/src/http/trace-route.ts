import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Counters } from '@whence/model';
import { REJECTED_SPANS_MESSAGE } from '../otlp/export-response.ts';
import type { JsonReader } from '../otlp/json-reader.ts';
import type { BodyLimits } from '../receive/body-memory.ts';
import type { Receiver } from '../receive/trace-receiver.ts';
import { otlpExchange } from './otlp-exchange.ts';

export interface TraceRouteParts {
  readonly receiver: Receiver;
  readonly limits: BodyLimits;
  readonly jsonReader: JsonReader;
  readonly counters: Counters;
}

/**
 * `POST /v1/traces`. 200 means: on disk. What cannot be kept now is 503 with `Retry-After`; a fault that we do not know
 * is 503 too, since senders give up on 500.
 */
export const traceRoute = ({ receiver, limits, jsonReader, counters }: TraceRouteParts) => {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const exchange = otlpExchange(request, response, counters);
    const got = await exchange.receive(receiver, limits);
    if (got === undefined) return;
    const { sender, bytes, encoding, release } = got;
    const received = await receiver.receive(sender, () =>
      encoding === 'application/json' ? jsonReader.read(bytes) : bytes,
    );
    release();
    if (received.status === 'refused') exchange.refuseAs(received);
    else exchange.accept(received.rejectedSpans, REJECTED_SPANS_MESSAGE, 'rejectedSpans');
  };
};
