import { getHeapStatistics } from 'node:v8';
import { CollectorError } from '../collector-error.ts';

/** What a value costs while it is read, measured: objects of one key, with the protobuf that is made of them. */
const BYTES_PER_VALUE = 80;
/** Of the engine's heap, which it dies of when it is full. */
const SHARE_OF_HEAP = 0.5;

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Refuses a text whose values would not fit into memory, which `JSON.parse` would find out too late. A value is reckoned
 * for each bracket, brace, colon and comma, also for those within texts.
 *
 * @throws CollectorError `otlp_malformed`
 */
export const checkJsonFits = (
  body: Uint8Array,
  maxValues = (getHeapStatistics().heap_size_limit * SHARE_OF_HEAP) / BYTES_PER_VALUE,
): void => {
  if (body.length <= maxValues) return;
  let values = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (byte === COMMA || byte === COLON || byte === OPEN_BRACE || byte === OPEN_BRACKET) values++;
  }
  if (values <= maxValues) return;
  throw new CollectorError(
    'otlp_malformed',
    `OTLP JSON: ${values} values are more than there is memory for (${Math.floor(maxValues)}): send smaller batches, or protobuf`,
  );
};
