const { nearWork } = require('../near-work.cjs');
const { say } = require('../server-saw.cjs');

module.exports = async (load) => {
  const { Redis } = await load('ioredis');
  const client = new Redis(process.env.REDIS_URL);
  await nearWork(await load('@whence/sdk'), async () =>
    say({ answer: await client.set('accounts:42', 'hunter2') }),
  );
  client.disconnect();
};
