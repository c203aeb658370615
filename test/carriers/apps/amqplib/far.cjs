const { farWork, sayReady } = require('../far-work.cjs');

module.exports = async (load) => {
  const { connect } = await load('amqplib');
  const connection = await connect(process.env.RABBITMQ_URL);
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: false, autoDelete: true });
  await channel.consume(queue, async (message) => {
    farWork();
    channel.ack(message);
    await channel.close();
    await connection.close();
  });
  sayReady(queue);
};
