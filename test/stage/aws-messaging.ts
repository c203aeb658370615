import { startFauxqs } from 'fauxqs';
import { takeDown } from './take-down.ts';

/** SQS and SNS by their own wire (fauxqs), with whatever queues and topics a test makes. */
export interface AwsMessaging {
  /** For the AWS SDK of a process that is to use it. */
  readonly environment: Readonly<Record<string, string>>;
  /** @returns its URL */
  queue(name: string, attributes?: Record<string, string>): string;
  /** @returns its ARN */
  topic(name: string): string;
  subscribe(topic: string, queue: string, raw: boolean): void;
}

export const startAwsMessaging = async (): Promise<AwsMessaging> => {
  const server = await startFauxqs({ port: 0, logger: false });
  takeDown(() => server.stop());
  const url = `http://127.0.0.1:${server.port}`;
  return {
    environment: { ...AWS_ACCOUNT, AWS_ENDPOINT_URL: url },
    queue: (name, attributes = {}) =>
      `${url}${new URL(server.createQueue(name, { attributes }).queueUrl).pathname}`,
    topic: (name) => server.createTopic(name).topicArn,
    subscribe: (topic, queue, raw) =>
      server.subscribe({ topic, queue, attributes: { RawMessageDelivery: `${raw}` } }),
  };
};

/** Of nobody. */
export const AWS_ACCOUNT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
} as const;
