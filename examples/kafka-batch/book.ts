/** Books invoices, a batch at a time. Whoever sent a message is who caused what is done for it. */
import { action, current, eachCaused } from '@whence/sdk';
import { Kafka } from 'kafkajs';

const kafka = new Kafka({ clientId: 'ledger', brokers: [process.env['KAFKA_BROKER'] ?? '127.0.0.1:9092'] });
const consumer = kafka.consumer({ groupId: 'ledger' });

const book = (invoice: number): void =>
  action(
    `book invoice ${invoice}`,
    { system: 'ledger', operation: 'book', target: `ledger://invoices/${invoice}` },
    (span) =>
      console.log(`booked ${invoice}, span ${span.spanContext().spanId}, run ${current()?.runId ?? 'none'}`),
  );

await consumer.connect();
await consumer.subscribe({ topic: 'invoices', fromBeginning: true });
await consumer.run({
  eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
    await eachCaused(batch.messages, async (message) => {
      book(JSON.parse(`${message.value}`).invoice);
      resolveOffset(message.offset);
      await heartbeat();
    });
  },
});
