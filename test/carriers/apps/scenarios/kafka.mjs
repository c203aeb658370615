// A topic of one's own, and a consumer of it that ends when the handler says so.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';

const kafka = new Kafka({
  brokers: [process.env.KAFKA_BROKER],
  logLevel: logLevel.NOTHING,
  retry: { initialRetryTime: 10 },
});
export const topic = `topic-${randomUUID()}`;

export const producer = kafka.producer();
await producer.connect();

/** One message, to the one partition that is read. */
export const send = (value, headers) =>
  producer.send({ topic, messages: [{ value, partition: 0, ...(headers && { headers }) }] });

/** All of them at once, by a process without any tracing: the headers are as they are given here. */
export const sendUntraced = (messages) =>
  execFileSync(process.execPath, [`${import.meta.dirname}/kafka-unheard.mjs`], {
    input: JSON.stringify({ topic, messages }),
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'ignore', 'inherit'],
  });

/** Resolves once `handlerOf(done)` has called `done`. */
export const consume = async (handlerOf, around = (start) => start(), listen = () => {}) => {
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100, retry: { initialRetryTime: 10 } });
  listen(consumer);
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise((resolve) => void around(() => consumer.run(handlerOf(resolve))));
  await consumer.disconnect();
  await producer.disconnect();
};
