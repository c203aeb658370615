import { awsCarrier } from './aws/aws-message.ts';

/**
 * What may name a cause: a carrier, headers (also those of Kafka, which are bytes), or a message that has them, as
 * KafkaJS, amqplib, BullMQ, pg-boss, SQS, SNS and Lambda deliver it (`headers`, `properties.headers`, `opts.telemetry.metadata`,
 * `data.whence`).
 */
export type CauseSource = object | null | undefined;

/** The fields of W3C Trace Context, each at most once. `tracestate` alone: AWS's message had no room for both. */
export interface Carried {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/**
 * What is read of a message that anybody may have written. A field that is there twice, that is no text or is longer
 * than any carrier writes it says nothing: to choose between two runs would be a guess.
 */
export const carriedBy = (source: CauseSource): Carried => {
  const delivered = isObject(source) ? awsCarrier(source) : undefined;
  if (delivered !== undefined) return saysTwo(delivered.tracestate) ? {} : delivered;
  for (const fields of placesIn(source)) {
    const traceparent = fieldOf(fields, 'traceparent');
    if (traceparent === undefined) continue;
    const tracestate = fieldOf(fields, 'tracestate');
    return tracestate === undefined || saysTwo(tracestate) ? { traceparent } : { traceparent, tracestate };
  }
  return {};
};

/** Members beyond W3C's 512 characters are dropped; a field of more than this is not read at all. */
const FIELD_MAX_LENGTH = 8192;

type Fields = Readonly<Record<string, unknown>>;

function* placesIn(source: CauseSource): Generator<Fields> {
  if (!isObject(source)) return;
  yield source;
  const { headers, properties, data, opts } = source;
  if (isObject(headers)) yield headers;
  if (isObject(properties) && isObject(properties['headers'])) yield properties['headers'];
  if (isObject(data) && isObject(data['whence'])) yield data['whence'];
  if (isObject(opts) && isObject(opts['telemetry'])) yield parsed(opts['telemetry']['metadata']);
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const parsed = (json: unknown): Fields => {
  try {
    const value: unknown = typeof json === 'string' ? JSON.parse(json) : undefined;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
};

const fieldOf = (fields: Fields, name: string): string | undefined => {
  const named = Object.keys(fields).filter((key) => key.length === name.length && key.toLowerCase() === name);
  return named.length === 1 ? textOf(fields[named[0]!]) : undefined;
};

const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value.length > FIELD_MAX_LENGTH ? undefined : value;
  if (!(value instanceof Uint8Array) || value.length > FIELD_MAX_LENGTH) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
};

const saysTwo = (tracestate = ''): boolean =>
  tracestate.split(',').filter((member) => member.trimStart().startsWith('whence=')).length > 1;
