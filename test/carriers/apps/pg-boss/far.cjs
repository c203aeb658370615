const { randomUUID } = require('node:crypto');
const { context, propagation, ROOT_CONTEXT } = require('@opentelemetry/api');
const { farWork, sayReady } = require('../far-work.cjs');

/** OpenTelemetry has no instrumentation of pg-boss: a stock consumer extracts for itself. */
const stock = ([job]) => context.with(propagation.extract(ROOT_CONTEXT, job.data.whence), farWork);

module.exports = async (load) => {
  const { PgBoss } = await load('pg-boss');
  const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, supervise: false, schedule: false });
  await boss.start();
  const queue = `queue-${randomUUID()}`;
  await boss.createQueue(queue);
  const handled = new Promise((resolve) => {
    void boss.work(queue, { pollingIntervalSeconds: 0.5 }, async (jobs) => {
      (process.env.STOCK ? stock : farWork)(jobs);
      resolve();
    });
  });
  sayReady(queue);
  await handled;
  await boss.stop({ graceful: true });
};
