const { randomUUID } = require('node:crypto');
const { farWork, sayReady } = require('../far-work.cjs');

module.exports = async (load) => {
  const { Worker } = await load('bullmq');
  const { hostname, port } = new URL(process.env.REDIS_URL);
  const name = `queue-${randomUUID()}`;
  const telemetry = process.env.STOCK ? new (await load('bullmq-otel')).BullMQOtel() : undefined;
  const worker = new Worker(name, async () => farWork(), {
    connection: { host: hostname, port: Number(port) },
    telemetry,
  });
  worker.once('completed', () => void worker.close());
  await worker.waitUntilReady();
  sayReady(name);
};
