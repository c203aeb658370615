import { type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AWS_ACCOUNT } from './aws-messaging.ts';
import type { Invocation, LambdaAnswer, LambdaRuntime } from './lambda-runtime.ts';

/** What stands between a queue and a function at AWS: takes `records` messages, and invokes the function with them. */
export const deliverFromSqs = async (
  endpoint: string,
  queueUrl: string,
  runtime: LambdaRuntime,
  records = 1,
  invocation?: Invocation,
): Promise<LambdaAnswer> => {
  const sqs = new SQSClient({
    endpoint,
    region: AWS_ACCOUNT.AWS_REGION,
    credentials: {
      accessKeyId: AWS_ACCOUNT.AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_ACCOUNT.AWS_SECRET_ACCESS_KEY,
    },
  });
  const messages: Message[] = [];
  while (messages.length < records) {
    const answer = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MessageAttributeNames: ['All'],
        MaxNumberOfMessages: records - messages.length,
        WaitTimeSeconds: 20,
      }),
    );
    messages.push(...(answer.Messages ?? []));
  }
  sqs.destroy();
  return runtime.invoke({ Records: messages.map(recordOf) }, invocation);
};

/** As AWS documents the event. */
const recordOf = ({ MessageId, ReceiptHandle, Body, MD5OfBody, MessageAttributes = {} }: Message) => ({
  messageId: MessageId,
  receiptHandle: ReceiptHandle,
  body: Body,
  attributes: { ApproximateReceiveCount: '1', SenderId: 'AIDAIENQZJOLO23YVJ4VO' },
  messageAttributes: Object.fromEntries(
    Object.entries(MessageAttributes).map(([name, { StringValue, DataType }]) => [
      name,
      { stringValue: StringValue, dataType: DataType, stringListValues: [], binaryListValues: [] },
    ]),
  ),
  md5OfBody: MD5OfBody,
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:refunds',
  awsRegion: 'us-east-1',
});
