// Sends what its standard input says, as it stands and in one request: a process without any tracing.
import { text } from 'node:stream/consumers';
import { Kafka, logLevel } from 'kafkajs';

const { topic, messages } = JSON.parse(await text(process.stdin), (_, value) =>
  value?.type === 'Buffer' ? Buffer.from(value.data) : value,
);
const kafka = new Kafka({ brokers: [process.env.KAFKA_BROKER], logLevel: logLevel.NOTHING });
const producer = kafka.producer();
await producer.connect();
await producer.send({ topic, messages: messages.map((message) => ({ ...message, partition: 0 })) });
await producer.disconnect();
