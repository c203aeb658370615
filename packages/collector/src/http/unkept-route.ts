import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Counters } from '@whence/model';
import type { BodyLimits } from '../receive/body-memory.ts';
import type { Receiver } from '../receive/trace-receiver.ts';
import type { UnkeptPath, UnkeptSignals } from '../receive/unkept-signals.ts';
import { otlpExchange } from './otlp-exchange.ts';

export interface UnkeptRouteParts {
  readonly receiver: Receiver;
  readonly unkept: UnkeptSignals;
  readonly limits: BodyLimits;
  readonly counters: Counters;
}

/** In which alone the answers differ. */
const REJECTED_FIELD = { '/v1/logs': 'rejectedLogRecords', '/v1/metrics': 'rejectedDataPoints' } as const;

/** `POST /v1/logs` and `/v1/metrics`. */
export const unkeptRoute = (path: UnkeptPath, { receiver, unkept, limits, counters }: UnkeptRouteParts) => {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const exchange = otlpExchange(request, response, counters);
    const got = await exchange.receive(receiver, limits);
    if (got === undefined) return;
    const taken = await unkept.take(path, got.bytes, got.encoding);
    got.release();
    if (taken.status === 'refused') exchange.refuseAs(taken);
    else exchange.accept(taken.rejected, taken.message, REJECTED_FIELD[path]);
  };
};
