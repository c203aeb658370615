const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { PublishCommand, SNSClient } = await load('@aws-sdk/client-sns');
  const sns = new SNSClient();
  await nearWork(await load('@whence/sdk'), () =>
    sns.send(new PublishCommand({ TopicArn: process.env.TOPIC_ARN, Message: 'refund 4711' })),
  );
  sns.destroy();
};
