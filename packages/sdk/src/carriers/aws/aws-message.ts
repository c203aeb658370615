import type { Carried } from '../carried-by.ts';

/**
 * The carrier in what SQS and SNS deliver: a message of `ReceiveMessage`, a record of a Lambda event, the envelope that
 * SNS puts around what it delivers to a queue. A message's own attributes go before those in its body. Empty for one of
 * theirs that carries nothing, undefined for what is none of theirs.
 */
export const awsCarrier = (message: object): Carried | undefined => {
  const given = message as AwsMessage;
  const attributes = given.MessageAttributes ?? given.messageAttributes ?? given.Sns?.MessageAttributes;
  const body = given.Body ?? given.body;
  if (!isObject(attributes) && !isDelivered(given, body)) return undefined;
  const own = isObject(attributes) ? carrierOfAttributes(attributes) : {};
  if (own.traceparent !== undefined || own.tracestate !== undefined) return own;
  const published = typeof body === 'string' ? attributesOfEnvelope(body) : undefined;
  return published === undefined ? own : carrierOfAttributes(published);
};

interface AwsMessage {
  readonly MessageAttributes?: unknown;
  readonly messageAttributes?: unknown;
  readonly Sns?: { readonly MessageAttributes?: unknown };
  readonly Body?: unknown;
  readonly body?: unknown;
  readonly ReceiptHandle?: unknown;
  readonly receiptHandle?: unknown;
  readonly EventSource?: unknown;
}

/** SQS leaves the attributes out where there are none. */
const isDelivered = ({ ReceiptHandle, receiptHandle, EventSource }: AwsMessage, body: unknown): boolean =>
  EventSource === 'aws:sns' ||
  (typeof body === 'string' && typeof (ReceiptHandle ?? receiptHandle) === 'string');

/** The same by three names: in the SDK, in a Lambda event, and from SNS. */
interface Attribute {
  readonly StringValue?: unknown;
  readonly stringValue?: unknown;
  readonly Value?: unknown;
}

const carrierOfAttributes = (attributes: object): Carried => {
  const text = (name: string): string | undefined => {
    const attribute = (attributes as Record<string, Attribute | undefined>)[name];
    const value = attribute?.StringValue ?? attribute?.stringValue ?? attribute?.Value;
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const [traceparent, tracestate] = [text('traceparent'), text('tracestate')];
  return {
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
};

/** Bodies are up to a megabyte, and few are envelopes: those that cannot be one are not parsed. */
const attributesOfEnvelope = (body: string): object | undefined => {
  if (!body.startsWith('{') || !body.includes('"Notification"') || !body.includes('"MessageAttributes"')) {
    return undefined;
  }
  try {
    const { Type, TopicArn, MessageAttributes } = JSON.parse(body) as Record<string, unknown>;
    const isEnvelope = Type === 'Notification' && typeof TopicArn === 'string' && isObject(MessageAttributes);
    return isEnvelope ? MessageAttributes : undefined;
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
