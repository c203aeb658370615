import { referenceIn } from '@whence/model';
import type { Carrier } from '../carrier.ts';

/** As SQS and SNS have them. */
export type MessageAttributes = Readonly<Record<string, MessageAttribute | undefined>>;

interface MessageAttribute {
  readonly DataType?: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

/** A message that is about to be sent. */
export interface Outgoing {
  readonly attributes: MessageAttributes | undefined;
  /** The texts that count towards its size beside the attributes. */
  readonly texts: readonly (string | undefined)[];
}

export interface Fitted {
  /** For each message, in order; the same object where nothing was added. */
  readonly attributes: readonly (MessageAttributes | undefined)[];
  /** Messages that had no room for the reference of the run. */
  readonly without: number;
}

/** SQS refuses a message with more; SNS does not deliver one raw. */
const MAX_ATTRIBUTES = 10;

/** What a message, and a batch as a whole, may have: the limit of old, and that of queues that allow more. */
const MAX_BYTES = [256 << 10, 1 << 20] as const;

/**
 * Adds a carrier to the messages of one request, as far as there is room: the reference to all of them first, since it
 * names the run; then the span. They replace what is there by these names, which came with a message that is passed on:
 * what leaves here is caused here. No message, and no batch, is made longer than a limit that it kept.
 */
export const fitted = (messages: readonly Outgoing[], carrier: Carrier): Fitted => {
  if (carrier.traceparent === '') {
    return { attributes: messages.map(({ attributes }) => attributes), without: 0 };
  }
  const others = messages.map(({ attributes }) => withoutCarrier(attributes));
  const sizes = messages.map(({ texts }, at) => bytesOf(texts, others[at]));
  const added = messages.map((): Record<string, MessageAttribute> => ({}));
  let roomOfAll = roomAbove(sizes.reduce((sum, size) => sum + size, 0));
  let without = 0;

  for (const [name, value] of byWeight(carrier)) {
    const cost = bytesOfAttribute(name, { DataType: STRING, StringValue: value });
    messages.forEach((_message, at) => {
      const count = Object.keys(others[at] ?? {}).length + Object.keys(added[at]!).length;
      const room = Math.min(roomOfAll, roomAbove(sizes[at]!));
      if (count < MAX_ATTRIBUTES && cost <= room) {
        added[at]![name] = { DataType: STRING, StringValue: value };
        sizes[at]! += cost;
        roomOfAll -= cost;
      } else if (name === 'tracestate' && referenceIn(value) !== undefined) without += 1;
    });
  }
  return {
    attributes: others.map((attributes, at) =>
      Object.keys(added[at]!).length === 0 ? attributes : { ...attributes, ...added[at] },
    ),
    without,
  };
};

const STRING = 'String';

/** `tracestate` alone names the run, where it has the reference; `traceparent` alone names a span. An empty value is refused. */
const byWeight = ({ traceparent, tracestate }: Carrier): [name: string, value: string][] => {
  const span: [string, string] = ['traceparent', traceparent];
  const state: [string, string] = ['tracestate', tracestate ?? ''];
  const fields = referenceIn(state[1]) === undefined ? [span, state] : [state, span];
  return fields.filter(([, value]) => value !== '');
};

const withoutCarrier = (attributes: MessageAttributes | undefined): MessageAttributes | undefined => {
  const names = Object.keys(attributes ?? {});
  const isField = (name: string): boolean => name === 'traceparent' || name === 'tracestate';
  return names.some(isField)
    ? Object.fromEntries(names.filter((name) => !isField(name)).map((name) => [name, attributes![name]]))
    : attributes;
};

const roomAbove = (bytes: number): number => (MAX_BYTES.find((limit) => bytes <= limit) ?? 0) - bytes;

const bytesOf = (texts: Outgoing['texts'], attributes: MessageAttributes | undefined): number =>
  texts.reduce((sum, text) => sum + lengthOf(text), 0) +
  Object.entries(attributes ?? {}).reduce((sum, [name, value]) => sum + bytesOfAttribute(name, value), 0);

const bytesOfAttribute = (name: string, attribute: MessageAttribute | undefined): number =>
  lengthOf(name) +
  lengthOf(attribute?.DataType) +
  lengthOf(attribute?.StringValue) +
  (attribute?.BinaryValue?.byteLength ?? 0);

const lengthOf = (text: unknown): number => (typeof text === 'string' ? Buffer.byteLength(text) : 0);
