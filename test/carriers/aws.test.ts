import { fileURLToPath } from 'node:url';
import { beforeAll } from 'vitest';
import { type AwsMessaging, startAwsMessaging } from '../stage/aws-messaging.ts';
import { type LambdaRuntime, startLambdaRuntime } from '../stage/lambda-runtime.ts';
import { deliverFromSqs } from '../stage/sqs-event-source.ts';
import { carrierMatrix } from './carrier-matrix.ts';

let aws: AwsMessaging;
beforeAll(async () => {
  aws = await startAwsMessaging();
});

let queues = 0;
const newQueue = (): string => {
  queues += 1;
  return aws.queue(`queue-${queues}`);
};

carrierMatrix('SQS', {
  app: 'sqs',
  environment: () => ({ ...aws.environment, QUEUE_URL: newQueue() }),
});

carrierMatrix('SNS to SQS, in its envelope', {
  app: 'sns-sqs',
  environment: () => {
    const queueUrl = newQueue();
    const topicArn = aws.topic(`topic-${queues}`);
    aws.subscribe(`topic-${queues}`, `queue-${queues}`, false);
    return { ...aws.environment, QUEUE_URL: queueUrl, TOPIC_ARN: topicArn };
  },
});

carrierMatrix('Invoke of a Lambda function', {
  app: 'lambda-invoke',
  environment: async (module) => {
    const runtime = await startLambdaRuntime(1);
    return {
      ...aws.environment,
      ...functionEnvironment('lambda-invoke', module, runtime),
      AWS_ENDPOINT_URL_LAMBDA: runtime.url,
    };
  },
});

carrierMatrix('SQS to a Lambda function', {
  app: 'lambda-sqs',
  environment: async (module) => {
    const runtime = await startLambdaRuntime(1);
    const queueUrl = newQueue();
    void deliverFromSqs(aws.environment['AWS_ENDPOINT_URL']!, queueUrl, runtime);
    return {
      ...aws.environment,
      ...functionEnvironment('lambda-sqs', module, runtime),
      QUEUE_URL: queueUrl,
    };
  },
});

/** As Lambda sets it for the function's process. */
const functionEnvironment = (
  app: string,
  module: string,
  { api }: LambdaRuntime,
): Record<string, string> => ({
  AWS_LAMBDA_RUNTIME_API: api,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  LAMBDA_TASK_ROOT: fileURLToPath(new URL(`./apps/${app}`, import.meta.url)),
  _HANDLER: module === 'esm.mjs' ? 'imported.handler' : 'required.handler',
});
