const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { Kafka, logLevel } = await load('kafkajs');
  const kafka = new Kafka({ brokers: [process.env.KAFKA_BROKER], logLevel: logLevel.ERROR });
  const producer = kafka.producer();
  await producer.connect();
  await nearWork(await load('@whence/sdk'), () =>
    producer.send({ topic: process.env.FAR, messages: [{ value: 'to do' }] }),
  );
  await producer.disconnect();
};
