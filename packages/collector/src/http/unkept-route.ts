import type { IncomingMessage, ServerResponse } from 'node:http';
import { isCoded } from '@whence/model';
import { COUNTED, type Counters } from '../counters.ts';
import type { Forwarding } from '../forward/forwarding.ts';
import { countDataPoints, countLogRecords } from '../otlp/count-records.ts';
import type { Receiver } from '../receive/trace-receiver.ts';
import { otlpExchange } from './otlp-exchange.ts';

export interface UnkeptRouteParts {
  readonly receiver: Receiver;
  readonly forwarding: Forwarding | undefined;
  readonly bodyMaxBytes: number;
  readonly counters: Counters;
}

const SIGNALS = {
  '/v1/logs': { field: 'rejectedLogRecords', jsonField: 'logRecords', count: countLogRecords },
  '/v1/metrics': { field: 'rejectedDataPoints', jsonField: 'dataPoints', count: countDataPoints },
} as const;

const MESSAGE =
  'this collector keeps traces; to have logs and metrics passed on to another back end, set WHENCE_FORWARD_URL';

/**
 * `POST /v1/logs` and `/v1/metrics`: Whence keeps traces. Where a forward is configured they are passed on, durably;
 * otherwise all are rejected in a partial success, which says what to set.
 */
export const unkeptRoute = (path: keyof typeof SIGNALS, parts: UnkeptRouteParts) => {
  const { receiver, forwarding, bodyMaxBytes, counters } = parts;
  const { field, jsonField, count } = SIGNALS[path];

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const exchange = otlpExchange(request, response, counters);
    const received = await exchange.receive(receiver, bodyMaxBytes);
    if (received === undefined) return;
    const { bytes, encoding, release } = received;
    try {
      if (forwarding !== undefined && encoding === 'application/x-protobuf') {
        await forwarding.other(path, bytes);
        return exchange.accept(0, '', field);
      }
      const rejected = encoding === 'application/json' ? countJson(bytes, jsonField) : count(bytes);
      counters.add(COUNTED.recordsRejected, rejected, `path="${path}"`);
      const message =
        forwarding === undefined ? MESSAGE : 'only protobuf is passed on: set http/protobuf in the exporter';
      exchange.accept(rejected, message, field);
    } catch (error) {
      if (isCoded(error, 'otlp_malformed')) return exchange.refuse(400, error.message);
      exchange.refuse(503, error instanceof Error ? error.message : 'cannot be kept now', {
        'retry-after': '1',
      });
    } finally {
      release();
    }
  };
};

/** Elements of all arrays under that key, at any depth. */
const countJson = (bytes: Uint8Array, key: string): number => {
  let found = 0;
  try {
    JSON.parse(Buffer.from(bytes).toString('utf8'), (name, value: unknown) => {
      if (name === key && Array.isArray(value)) found += value.length;
      return value;
    });
  } catch {
    return 0;
  }
  return found;
};
