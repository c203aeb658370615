import { type Counters, isCoded } from '@whence/model';
import { COUNTED } from '../counters.ts';
import type { Forwarding } from '../forward/forwarding.ts';
import { countDataPoints, countLogRecords } from '../otlp/count-records.ts';
import { encodingOf, type OtlpEncoding } from '../otlp/encoding.ts';
import { checkJsonFits } from '../otlp/json-size.ts';
import { type Refused, refused } from './refusal.ts';

/** Paths of the OTLP signals that Whence takes and does not keep. */
export type UnkeptPath = '/v1/logs' | '/v1/metrics';

export type Unkept =
  /** Passed on, where `rejected` is 0; or none of it is kept, and the sender is told so. */
  { readonly status: 'accepted'; readonly rejected: number; readonly message: string } | Refused;

/**
 * Logs and metrics: Whence keeps traces. Where a forward is configured they are passed on, durably; otherwise all are
 * rejected in a partial success, which says what to set. Says no by a value, never by throwing.
 */
export interface UnkeptSignals {
  take(path: UnkeptPath, body: Uint8Array, encoding: OtlpEncoding): Promise<Unkept>;
}

const MESSAGE =
  'this collector keeps traces; to have logs and metrics passed on to another back end, set WHENCE_FORWARD_URL';
const RETRY_SECONDS = 1;

const COUNT = {
  '/v1/logs': { protobuf: countLogRecords, jsonField: 'logRecords' },
  '/v1/metrics': { protobuf: countDataPoints, jsonField: 'dataPoints' },
} as const;

export const createUnkeptSignals = (
  forwarding: Forwarding | undefined,
  counters: Counters,
): UnkeptSignals => ({
  async take(path, body, encoding) {
    try {
      const records = countRecords(path, body, encoding);
      if (forwarding === undefined) {
        counters.add(COUNTED.recordsRejected, records, `path="${path}"`);
        return { status: 'accepted', rejected: records, message: MESSAGE };
      }
      await forwarding.other(path, body);
      return { status: 'accepted', rejected: 0, message: '' };
    } catch (error) {
      const message = error instanceof Error ? error.message : 'cannot be kept now';
      if (error instanceof SyntaxError) return refused('malformed', `OTLP/JSON: ${message}`);
      if (isCoded(error, 'otlp_malformed')) return refused('malformed', message);
      return refused('unavailable', message, RETRY_SECONDS);
    }
  },
});

/** @throws CollectorError `otlp_malformed`, SyntaxError */
const countRecords = (path: UnkeptPath, body: Uint8Array, encoding: OtlpEncoding): number => {
  const { protobuf, jsonField } = COUNT[path];
  if (encoding === 'application/x-protobuf') return protobuf(body);
  if (encodingOf(body) !== encoding) throw new SyntaxError('a request is an object');
  return countJson(body, jsonField);
};

/** Elements of all arrays under that key, at any depth. */
const countJson = (body: Uint8Array, key: string): number => {
  checkJsonFits(body);
  let found = 0;
  JSON.parse(Buffer.from(body).toString('utf8'), (name, value: unknown) => {
    if (name === key && Array.isArray(value)) found += value.length;
    return value;
  });
  return found;
};
