import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { causeOf } from '../caused-by.ts';
import { withDeliveries } from './deliveries.ts';
import { headersToSend } from './sent-headers.ts';

export interface AmqpMessage {
  readonly properties: { readonly headers?: Readonly<Record<string, unknown>> };
}

type OnMessage = (this: unknown, message: AmqpMessage | null) => void;
type OnGet = (error: unknown, message: AmqpMessage | false) => void;

/** What is used of amqplib's own, with promises and with callbacks. */
export interface AmqpChannel {
  publish(
    exchange: string,
    routingKey: string,
    content: unknown,
    options?: AmqpOptions,
    ...rest: unknown[]
  ): unknown;
  consume(queue: string, onMessage: OnMessage, ...rest: unknown[]): unknown;
  get(queue: string, options?: unknown, onGet?: OnGet): unknown;
}

interface AmqpOptions {
  readonly headers?: object;
}

/** Tells the span of each message whose it is, and those who `get` one that they did. */
export const deliverInRuns = (
  channel: AmqpChannel,
  received: (queue: string, message: AmqpMessage) => void,
): void => {
  const { consume, get } = channel;

  channel.consume = function (queue, onMessage, ...rest) {
    if (typeof onMessage !== 'function') return consume.call(this, queue, onMessage, ...rest);
    const inRun: OnMessage = function (message) {
      if (message === null) return onMessage.call(this, message);
      const { headers } = message.properties;
      const delivery = { cause: causeOf(headers, 'message'), attempt: attemptIn(headers) };
      context.with(withDeliveries(ROOT_CONTEXT, new Map([[undefined, delivery]])), onMessage, this, message);
    };
    return consume.call(this, queue, inRun, ...rest);
  };

  channel.get = function (queue, options, onGet) {
    const note = (message: AmqpMessage | false): void => {
      if (message) received(queue, message);
    };
    if (typeof onGet === 'function') {
      const noted = context.bind(context.active(), (error: unknown, message: AmqpMessage | false) => {
        note(message);
        onGet(error, message);
      });
      return get.call(this, queue, options, noted);
    }
    const got = get.call(this, queue, options) as Promise<AmqpMessage | false>;
    return got.then((message) => {
      note(message);
      return message;
    });
  };
};

/** Only quorum queues count. */
const attemptIn = (headers: Readonly<Record<string, unknown>> | undefined): number | undefined => {
  const before = headers?.['x-delivery-count'];
  return typeof before === 'number' ? before + 1 : undefined;
};

const own = new WeakSet<object>();

/**
 * Gives each message headers of its own before anything is written into them. A confirm channel publishes through the
 * plain one, by when they are.
 */
export const publishOwnHeaders = (channel: AmqpChannel): void => {
  const { publish } = channel;
  channel.publish = function (exchange, routingKey, content, options, ...rest) {
    if (options !== undefined && own.has(options)) {
      return publish.call(this, exchange, routingKey, content, options, ...rest);
    }
    const toSend = { ...options, headers: headersToSend(options?.headers) };
    own.add(toSend);
    return publish.call(this, exchange, routingKey, content, toSend, ...rest);
  };
};
