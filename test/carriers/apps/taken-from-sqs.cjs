const { context, propagation, ROOT_CONTEXT } = require('@opentelemetry/api');
const { farWork } = require('./far-work.cjs');

/**
 * Takes one message up. Under OpenTelemetry alone as its users do by hand, who get no more of it than a span around the
 * receipt.
 */
exports.takeUp = async (load, attributesOf) => {
  const { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } = await load('@aws-sdk/client-sqs');
  const { QUEUE_URL: QueueUrl, STOCK } = process.env;
  const sqs = new SQSClient();
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
  for (const message of Messages) {
    if (STOCK) context.with(propagation.extract(ROOT_CONTEXT, attributesOf(message), GETTER), farWork);
    else (await load('@whence/sdk')).causedBy(message, 'message', farWork);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
  }
  sqs.destroy();
};

const GETTER = {
  keys: (attributes) => Object.keys(attributes ?? {}),
  get: (attributes, name) => attributes?.[name]?.StringValue ?? attributes?.[name]?.Value,
};
