const { nearWork } = require('../near-work.cjs');

module.exports = async (load) => {
  const { PgBoss } = await load('pg-boss');
  const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, supervise: false, schedule: false });
  await boss.start();
  const whence = await load('@whence/sdk');
  await nearWork(whence, () => boss.send(process.env.FAR, { accountId: 7, whence: whence.carrier() }));
  await boss.stop({ graceful: false });
};
