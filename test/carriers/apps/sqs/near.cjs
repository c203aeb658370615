const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { SendMessageCommand, SQSClient } = await load('@aws-sdk/client-sqs');
  const sqs = new SQSClient();
  await nearWork(await load('@whence/sdk'), () =>
    sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: 'refund 4711' })),
  );
  sqs.destroy();
};
