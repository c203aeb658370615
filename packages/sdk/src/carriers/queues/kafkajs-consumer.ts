import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { causeOf } from '../caused-by.ts';
import { type Deliveries, withDeliveries } from './deliveries.ts';
import { Redeliveries } from './redeliveries.ts';

/** What is used of KafkaJS's own. */
export interface KafkaConsumer {
  run(config?: KafkaRunConfig): Promise<void>;
}

interface KafkaMessage {
  readonly offset: string;
  readonly headers?: object;
}

interface EachMessagePayload {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
}

interface EachBatchPayload {
  readonly batch: {
    readonly topic: string;
    readonly partition: number;
    readonly messages: readonly KafkaMessage[];
  };
}

interface KafkaRunConfig {
  eachMessage?: (payload: EachMessagePayload) => Promise<void>;
  eachBatch?: (payload: EachBatchPayload) => Promise<void>;
}

/**
 * Tells the spans of each message whose it is. What the consumer does by itself is nobody's, also where a run has
 * started it.
 */
export const deliverInRuns = (consumer: KafkaConsumer): KafkaConsumer => {
  const { run } = consumer;
  const redeliveries = new Redeliveries();
  consumer.run = (config) =>
    context.with(ROOT_CONTEXT, run, consumer, config && delivering(config, redeliveries));
  return consumer;
};

const delivering = (config: KafkaRunConfig, redeliveries: Redeliveries): KafkaRunConfig => {
  const { eachMessage, eachBatch } = config;
  return {
    ...config,
    ...(eachMessage && {
      eachMessage: (payload) => {
        const { topic, partition, message } = payload;
        const at = `${topic}/${partition}`;
        const within = deliveryOf(at, [message], redeliveries);
        return redeliveries.watch(at, [message.offset], () =>
          context.with(within, eachMessage, config, payload),
        );
      },
    }),
    ...(eachBatch && {
      eachBatch: (payload) => {
        const { topic, partition, messages } = payload.batch;
        const at = `${topic}/${partition}`;
        const within = deliveryOf(at, messages, redeliveries);
        const offsets = messages.map(({ offset }) => offset);
        return redeliveries.watch(at, offsets, () => context.with(within, eachBatch, config, payload));
      },
    }),
  };
};

const deliveryOf = (
  partition: string,
  messages: readonly KafkaMessage[],
  redeliveries: Redeliveries,
): Context => {
  const deliveries: Deliveries = new Map(
    messages.map((message) => [
      message.offset,
      {
        cause: causeOf(message.headers, 'message'),
        attempt: redeliveries.attempt(partition, message.offset),
      },
    ]),
  );
  return withDeliveries(ROOT_CONTEXT, deliveries);
};
