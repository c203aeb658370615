// pg-boss: jobs of two runs, of nobody and of a schedule in one array; one alone, which fails once; twenty at once.
import { setTimeout as pause } from 'node:timers/promises';
import { action, carrier, current, eachCaused, run } from '@whence/sdk';
import { PgBoss } from 'pg-boss';

const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, supervise: false, schedule: false });
const starters = [];
const inStarter = (fn) =>
  run({ job: 'starter' }, async ({ reference }) => {
    starters.push(reference);
    await fn();
  });
await inStarter(() => boss.start());
for (const queue of ['batch', 'alone', 'many', 'one-run'])
  await boss.createQueue(queue, { retryLimit: 1, retryDelay: 0 });
const OPTIONS = { pollingIntervalSeconds: 0.5, includeMetadata: true };

/** Resolves once `handlerOf(done)` has called `done`. */
const work = (queue, options, handlerOf) =>
  new Promise((resolve) => void boss.work(queue, { ...OPTIONS, ...options }, handlerOf(resolve)));
const sendIn = (job, queue, count = 1) =>
  run({ job }, async ({ reference }) => {
    for (let number = 0; number < count; number++) {
      await boss.send(queue, { name: `${job} ${number}`, whence: carrier() });
    }
    return reference;
  });

const a = await sendIn('a', 'batch', 2);
const b = await sendIn('b', 'batch');
await boss.send('batch', { name: 'nobody 0' });
await boss.send('batch', null);
const armer = await run({ job: 'armer' }, async ({ reference }) => {
  await boss.schedule('batch', '0 3 * * *', { name: 'tick 0', whence: carrier() });
  return reference;
});
const [{ data: ofTheSchedule }] = await boss.getSchedules('batch');
await boss.send('batch', ofTheSchedule);
await inStarter(() =>
  work('batch', { batchSize: 10 }, (done) => async (jobs) => {
    action('outside', {}, () => {});
    await eachCaused(jobs, ({ data }) => action(`work ${data?.name}`, {}, () => {}));
    done();
  }),
);

const c = await sendIn('c', 'alone');
await work('alone', {}, (done) => async ([job]) => {
  action(`attempt ${job.retryCount + 1}`, {}, () => {});
  if (job.retryCount === 0) throw new Error('not today');
  done();
});

const e = await sendIn('e', 'one-run', 2);
await work('one-run', { batchSize: 10 }, (done) => async () => {
  action('all of one run', {}, () => {});
  done();
});

const [x, y] = await Promise.all([sendIn('x', 'many', 10), sendIn('y', 'many', 10)]);
const wrong = [];
const handle = async ({ data }) => {
  for (let step = 0; step < 5; step++) {
    await pause(Math.random() * 5);
    if (current()?.reference !== { x, y }[data.name[0]]) wrong.push(data.name);
  }
};
await work('many', { batchSize: 20 }, (done) => async (jobs) => {
  await Promise.all(jobs.map((job) => eachCaused([job], handle)));
  done();
});
await boss.stop({ graceful: true });
process.stdout.write(JSON.stringify({ a, b, c, e, armer, starters, wrong }));
