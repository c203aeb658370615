// RabbitMQ with plain and confirm channels: messages of two runs and of nobody, taken one by one, by `get` and all at once.
import { setTimeout as pause } from 'node:timers/promises';
import { action, current, eachCaused, run } from '@whence/sdk';
import { connect } from 'amqplib';
import { connect as connectWithCallbacks } from 'amqplib/callback_api';

const connection = await connect(process.env.RABBITMQ_URL);
const channel = await connection.createChannel();
const confirming = await connection.createConfirmChannel();
const newQueue = async () => (await channel.assertQueue('', { autoDelete: false })).queue;

/** Resolves when `count` messages are handled. */
const consume = (queue, count, handle) =>
  new Promise((resolve) => {
    let left = count;
    void channel.consume(queue, async (message) => {
      if (message === null) return;
      await handle(message);
      left -= 1;
      if (left === 0) resolve();
    });
  });

// All at once, with options that all of them share.
const shared = { persistent: true, headers: { kind: 'invoice' } };
const many = await newQueue();
const sendIn = (job) =>
  run({ job }, async ({ reference }) => {
    for (let number = 0; number < 10; number++) {
      const publisher = number % 2 === 0 ? channel : confirming;
      publisher.sendToQueue(many, Buffer.from(`${job} ${number}`), shared);
      await pause(1);
    }
    await confirming.waitForConfirms();
    return reference;
  });
const [a, b] = await Promise.all([sendIn('a'), sendIn('b')]);
channel.sendToQueue(many, Buffer.from('nobody 0'), shared);
const wrong = [];
const handle = async (message) => {
  const [job] = `${message.content}`.split(' ');
  for (let step = 0; step < 5; step++) {
    await pause(Math.random() * 5);
    if (current()?.reference !== { a, b }[job]) wrong.push(`${message.content}`);
  }
  action(`work ${message.content}`, {}, () => {});
  channel.ack(message);
};
const starter = await run({ job: 'starter' }, async ({ reference }) => {
  await consume(many, 21, handle);
  return reference;
});

// Rejected once, in a quorum queue, which counts.
const { queue: counting } = await channel.assertQueue(`counting-${many}`, {
  durable: true,
  arguments: { 'x-queue-type': 'quorum' },
});
await run({ job: 'c' }, () => channel.sendToQueue(counting, Buffer.from('again')));
await consume(counting, 2, (message) =>
  message.fields.redelivered ? channel.ack(message) : channel.nack(message),
);
await channel.deleteQueue(counting);

// Taken by `get`, by a run that did not send it; of the two ways to be called back, both.
const few = await newQueue();
const d = await run({ job: 'd' }, ({ reference }) => {
  channel.sendToQueue(few, Buffer.from('promised'));
  channel.sendToQueue(few, Buffer.from('called back'));
  return reference;
});
const taker = await run({ job: 'taker' }, async ({ reference }) => {
  const message = await channel.get(few, { noAck: true });
  await eachCaused([message], () => action('work promised', {}, () => {}));
  await new Promise((resolve, reject) => {
    connectWithCallbacks(process.env.RABBITMQ_URL, (error, other) => {
      if (error) return reject(error);
      other.createChannel((_, callbacks) =>
        callbacks.get(few, { noAck: true }, (_, got) => {
          action('with the message', {}, () => {});
          void eachCaused([got], () => action('work called back', {}, () => {})).then(() =>
            other.close(resolve),
          );
        }),
      );
    });
  });
  return reference;
});

// What is no carrier.
const odd = await newQueue();
const HEADERS = {
  'two runs': {
    traceparent: `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`,
    tracestate: `whence=${a},whence=${b}`,
  },
  numbers: { traceparent: 7, tracestate: 8 },
  lists: { traceparent: [`00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`], tracestate: [`whence=${a}`] },
};
// Below the patched `publish`, so that the headers stay as they are.
const plain = Object.getPrototypeOf(Object.getPrototypeOf(channel));
for (const [name, headers] of Object.entries(HEADERS)) {
  const fields = { exchange: '', routingKey: odd, mandatory: false, immediate: false, ticket: 0 };
  plain.sendMessage.call(channel, fields, { headers }, Buffer.from(name));
}
await consume(odd, 3, (message) => {
  action(`work of ${message.content}`, {}, () => {});
  channel.ack(message);
});

process.stdout.write(
  JSON.stringify({ a, b, d, starter, taker, wrong, shared, few, odd, names: Object.keys(HEADERS) }),
);
await connection.close();
