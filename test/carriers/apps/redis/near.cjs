const { nearWork } = require('../near-work.cjs');
const { say } = require('../server-saw.cjs');

module.exports = async (load) => {
  const { createClient } = await load('redis');
  const client = await createClient({ url: process.env.REDIS_URL }).connect();
  await nearWork(await load('@whence/sdk'), async () =>
    say({ answer: await client.set('accounts:42', 'hunter2') }),
  );
  await client.close();
};
