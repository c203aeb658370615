import { fileURLToPath } from 'node:url';
import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, it } from 'vitest';
import { AWS_ACCOUNT, type AwsMessaging, startAwsMessaging } from '../stage/aws-messaging.ts';
import { startLambdaRuntime } from '../stage/lambda-runtime.ts';
import { type OtlpEndpoint, startOtlpEndpoint } from '../stage/otlp-endpoint.ts';
import { programThatEnds } from '../stage/service-process.ts';

let aws: AwsMessaging;
let endpoint: OtlpEndpoint;
beforeAll(async () => {
  aws = await startAwsMessaging();
  endpoint = await startOtlpEndpoint();
});

const APP = fileURLToPath(new URL('./apps/aws-limits.mjs', import.meta.url));
const REGISTER = import.meta.resolve('@whence/sdk/register');

/** Runs the app under the SDK, without an issuer. */
const send = async (way: string, args: readonly unknown[], environment: Record<string, string>) => {
  const { code, stdout, stderr } = await programThatEnds(APP, [way, ...args.map(String)], {
    ...aws.environment,
    ...environment,
    NODE_OPTIONS: `--import ${REGISTER}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.url,
    WHENCE_LOG: 'warn',
  });
  expect(code, stderr).toBe(0);
  const notices = stderr.split('\n').filter((line) => line !== '' && !line.includes('no issuer'));
  return { said: JSON.parse(stdout), notices };
};

const received = async (queueUrl: string, count: number): Promise<Message[]> => {
  const sqs = new SQSClient({
    endpoint: aws.environment['AWS_ENDPOINT_URL']!,
    region: AWS_ACCOUNT.AWS_REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const messages: Message[] = [];
  while (messages.length < count) {
    const answer = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MessageAttributeNames: ['All'],
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 20,
      }),
    );
    messages.push(...(answer.Messages ?? []));
  }
  sqs.destroy();
  return messages;
};

const referenceIn = (message: Message): string | undefined =>
  message.MessageAttributes?.['tracestate']?.StringValue?.replace(/^whence=/, '');
const namesIn = ({ MessageAttributes = {} }: Message): string[] =>
  Object.keys(MessageAttributes)
    .filter((name) => !name.startsWith('own-'))
    .sort();

describe('SQS at its limits', () => {
  it('carries the run beside nine attributes, and says once that it cannot beside ten', async () => {
    const queueUrl = aws.queue('attributes');
    const { said, notices } = await send('attributes', [], { QUEUE_URL: queueUrl });
    const messages = await received(queueUrl, 4);
    const byCount = (count: string) => messages.filter(({ Body }) => Body === count);
    expect(byCount('8').map(namesIn)).toEqual([['traceparent', 'tracestate']]);
    expect(byCount('9').map(namesIn)).toEqual([['tracestate']]);
    expect(byCount('10').map(namesIn)).toEqual([[], []]);
    expect([...byCount('8'), ...byCount('9')].map(referenceIn)).toEqual([said, said]);
    expect(notices).toEqual([expect.stringMatching(/^whence: SendMessage left without the run: .*ten/)]);
    expect(uncarriedIn(endpoint)).toEqual([1, 1]);
  });

  it('makes no message too long for its queue', async () => {
    const queueUrl = aws.queue('lengths', { MaximumMessageSize: `${256 << 10}` });
    const lengths = [256 << 10, (256 << 10) - 60, (256 << 10) - 1000];
    const { said } = await send('lengths', lengths, { QUEUE_URL: queueUrl });
    const messages = await received(queueUrl, 3);
    const references = lengths.map((length) =>
      referenceIn(messages.find(({ Body }) => Body?.length === length)!),
    );
    expect(references).toEqual([undefined, said, said]);
  });
});

describe('SQS and SNS', () => {
  it('carry the run that sends, and leave the caller’s input alone', async () => {
    const queueUrl = aws.queue('shared');
    const { said } = await send('shared', [], { QUEUE_URL: queueUrl });
    const references = (await received(queueUrl, 3)).map(referenceIn);
    expect(said.untouched).toBe(true);
    expect(new Set(references)).toEqual(new Set([...said.references, undefined]));
  });

  it('carry it in each message of a batch, raw too', async () => {
    const queueUrl = aws.queue('batches');
    aws.topic('batches');
    aws.subscribe('batches', 'batches', true);
    const { said, notices } = await send('batches', [], {
      QUEUE_URL: queueUrl,
      TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:batches',
    });
    const messages = await received(queueUrl, 5);
    expect(messages.map(({ Body }) => Body).sort()).toEqual(['sns 1', 'sns 2', 'sns 3', 'sqs 1', 'sqs 2']);
    expect(messages.map(referenceIn)).toEqual(Array(5).fill(said));
    expect(notices).toEqual([]);
  });

  it('carry the run that passes a message on, unless that says whom for', async () => {
    const queueUrl = aws.queue('passed-on');
    const { said } = await send('passedOn', [], { QUEUE_URL: queueUrl });
    const messages = await received(queueUrl, 3);
    expect(Object.fromEntries(messages.map((message) => [message.Body, referenceIn(message)]))).toEqual({
      'by a run': said.second,
      'by nobody': undefined,
      'from an outbox': said.first,
    });
  });

  it('carry no baggage', async () => {
    const queueUrl = aws.queue('baggage');
    await send('baggage', [], { QUEUE_URL: queueUrl });
    expect((await received(queueUrl, 1)).map(namesIn)).toEqual([['traceparent', 'tracestate']]);
  });
});

describe('Invoke', () => {
  it.each([
    ['far from its limit', 100, 'RequestResponse', ['own', 'traceparent', 'tracestate'], undefined],
    ['near it', 2570, 'RequestResponse', ['own', 'tracestate'], undefined],
    ['at it', 2660, 'RequestResponse', ['own'], /no room/],
    ['that nobody waits for', 100, 'Event', ['own', 'traceparent', 'tracestate'], /synchronously/],
  ])('with a client context %s', async (_where, length, type, expected, notice) => {
    const runtime = await startLambdaRuntime();
    const answering = answerOne(runtime.api);
    const { notices } = await send('clientContext', [length, type], { AWS_ENDPOINT_URL_LAMBDA: runtime.url });
    await answering;
    const sent = runtime.sent.clientContext!;
    expect(sent.length).toBeLessThanOrEqual(3583);
    const { custom } = JSON.parse(Buffer.from(sent, 'base64').toString('utf8'));
    expect(Object.keys(custom)).toEqual(expected);
    expect(custom.own).toHaveLength(length);
    expect(notices).toEqual(notice === undefined ? [] : [expect.stringMatching(notice)]);
  });
});

/** A function that does nothing. */
const answerOne = async (api: string): Promise<void> => {
  const base = `http://${api}/2018-06-01/runtime/invocation`;
  const next = await fetch(`${base}/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  await next.text();
  await fetch(`${base}/${id}/response`, { method: 'POST', body: '{}' });
};

const uncarriedIn = ({ spans }: OtlpEndpoint): unknown[] =>
  spans()
    .flatMap(({ attributes }) => attributes ?? [])
    .filter(({ key }) => key === 'whence.uncarried')
    .map(({ value }) => Number(value.intValue));
