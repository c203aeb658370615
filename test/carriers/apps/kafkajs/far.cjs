const { randomUUID } = require('node:crypto');
const { farWork, sayReady } = require('../far-work.cjs');

module.exports = async (load) => {
  const { Kafka, logLevel } = await load('kafkajs');
  const kafka = new Kafka({ brokers: [process.env.KAFKA_BROKER], logLevel: logLevel.ERROR });
  const topic = `topic-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const handled = new Promise((resolve) => {
    consumer.on('consumer.group_join', () => sayReady(topic));
    const eachMessage = async () => {
      farWork();
      resolve();
    };
    void consumer.run({ eachMessage });
  });
  await handled;
  await consumer.disconnect();
};
