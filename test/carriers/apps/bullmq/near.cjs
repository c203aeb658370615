const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { Queue } = await load('bullmq');
  const { hostname, port } = new URL(process.env.REDIS_URL);
  const queue = new Queue(process.env.FAR, { connection: { host: hostname, port: Number(port) } });
  await nearWork(await load('@whence/sdk'), () => queue.add('to do', { accountId: 7 }));
  await queue.close();
};
