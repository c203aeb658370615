/** Two jobs, each a run, that send invoices to the same topic. */
import { run } from '@whence/sdk';
import { Kafka } from 'kafkajs';

const kafka = new Kafka({ clientId: 'billing', brokers: [process.env['KAFKA_BROKER'] ?? '127.0.0.1:9092'] });
const producer = kafka.producer();

const send = (...invoices: readonly number[]) =>
  producer.send({
    topic: 'invoices',
    messages: invoices.map((invoice) => ({ key: 'one partition', value: JSON.stringify({ invoice }) })),
  });

await producer.connect();
await run({ job: 'close-month' }, ({ runId }) => {
  console.log(`close-month sends 1, 2 and 3 in run ${runId}`);
  return send(1, 2, 3);
});
await run({ job: 'correct-vat' }, ({ runId }) => {
  console.log(`correct-vat sends 4 in run ${runId}`);
  return send(4);
});
await producer.disconnect();
