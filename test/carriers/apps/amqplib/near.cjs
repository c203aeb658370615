const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { connect } = await load('amqplib');
  const connection = await connect(process.env.RABBITMQ_URL);
  const channel = await connection.createChannel();
  await nearWork(await load('@whence/sdk'), () => {
    channel.sendToQueue(process.env.FAR, Buffer.from('to do'));
  });
  await channel.close();
  await connection.close();
};
