// Sends what the test asks for (argv[2]), and says the references of its runs.
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { propagation } from '@opentelemetry/api';
import { carrier, causedBy, run } from '@whence/sdk';

const { QUEUE_URL: QueueUrl, TOPIC_ARN: TopicArn } = process.env;
const [sqs, sns, lambda] = [new SQSClient(), new SNSClient(), new LambdaClient()];
const text = (value) => ({ DataType: 'String', StringValue: value });
const attributes = (count) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`own-${at}`, text('1')]));
const inRun = (fn) => run({ job: 'near' }, ({ reference }) => fn(reference));

const WAYS = {
  attributes: () =>
    inRun(async (reference) => {
      for (const count of [8, 9, 10, 10]) {
        const MessageAttributes = attributes(count);
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: `${count}`, MessageAttributes }));
      }
      return reference;
    }),

  lengths: (...lengths) =>
    inRun(async (reference) => {
      for (const length of lengths) {
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x'.repeat(length) }));
      }
      return reference;
    }),

  // One input, sent by two runs at once, and by nobody after them.
  shared: async () => {
    const input = { QueueUrl, MessageBody: 'shared', MessageAttributes: { tenant: text('acme') } };
    const before = JSON.stringify(input);
    const send = () => sqs.send(new SendMessageCommand(input));
    const references = await Promise.all(
      [1, 2].map(() => inRun((reference) => send().then(() => reference))),
    );
    await send();
    return { references, untouched: JSON.stringify(input) === before };
  },

  batches: () =>
    inRun(async (reference) => {
      await sqs.send(
        new SendMessageBatchCommand({
          QueueUrl,
          Entries: [1, 2].map((each) => ({ Id: `${each}`, MessageBody: `sqs ${each}` })),
        }),
      );
      await sns.send(
        new PublishBatchCommand({
          TopicArn,
          PublishBatchRequestEntries: [1, 2].map((each) => ({ Id: `${each}`, Message: `sns ${each}` })),
        }),
      );
      await sns.send(new PublishCommand({ TopicArn, Message: 'sns 3' }));
      return reference;
    }),

  // What was received in one run is passed on by another, with the attributes it came with, and from an outbox.
  passedOn: async () => {
    const [first, given] = await inRun(async (reference) => [reference, carrier()]);
    const MessageAttributes = { traceparent: text(given.traceparent), tracestate: text(given.tracestate) };
    const send = (MessageBody) =>
      sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }));
    const second = await inRun((reference) => send('by a run').then(() => reference));
    await send('by nobody');
    await causedBy(given, 'message', () => send('from an outbox'));
    return { first, second };
  },

  clientContext: (length, InvocationType) =>
    inRun(async (reference) => {
      const context = { custom: { own: 'x'.repeat(length) } };
      const ClientContext = Buffer.from(JSON.stringify(context)).toString('base64');
      await lambda.send(new InvokeCommand({ FunctionName: 'far', InvocationType, ClientContext }));
      return reference;
    }),

  baggage: () =>
    inRun(async (reference) => {
      const baggage = propagation.createBaggage({ secret: { value: 'hunter2' } });
      const { context } = await import('@opentelemetry/api');
      await context.with(propagation.setBaggage(context.active(), baggage), () =>
        sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'baggage' })),
      );
      return reference;
    }),
};

const [way, ...given] = process.argv.slice(2);
const said = await WAYS[way](...given.map((each) => (/^\d+$/.test(each) ? Number(each) : each)));
process.stdout.write(`${JSON.stringify(said)}\n`);
