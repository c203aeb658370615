// Schedulers in ways that trip: what each tick says of itself, in order.
import { action, current, run, scheduled } from '@whence/sdk';
import { Cron } from 'croner';
import cron from 'node-cron';
import schedule from 'node-schedule';

const EACH_SECOND = '* * * * * *';
const here = () => current()?.job ?? 'nobody';
const soon = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

const ways = {
  'by hand': async () => {
    const heard = [];
    const tick = () => void heard.push(here());
    const croner = new Cron('0 0 1 1 *', { name: 'croner' }, tick);
    const task = cron.createTask('0 0 1 1 *', tick, { name: 'node-cron' });
    const job = schedule.scheduleJob('node-schedule', '0 0 1 1 *', tick);
    await run({ job: 'by hand' }, async () => {
      await croner.trigger();
      await task.execute();
      job.invoke();
    });
    croner.stop();
    task.destroy();
    job.cancel();
    return heard;
  },
  errors: async () => {
    const heard = [];
    const fail = () => {
      throw new RangeError(`failed in ${here()}`);
    };
    const croner = new Cron(
      EACH_SECOND,
      { name: 'croner', maxRuns: 1, catch: (e) => heard.push(e.message) },
      fail,
    );
    const task = cron.schedule(EACH_SECOND, fail, { name: 'node-cron', maxExecutions: 1, logger: silent });
    task.on('execution:failed', ({ execution }) => heard.push(execution.error.message));
    const job = schedule.scheduleJob('node-schedule', new Date(Date.now() + 400), fail);
    job.on('error', (e) => heard.push(e.message));
    while (heard.length < 3) await soon(10);
    croner.stop();
    task.destroy();
    return heard.sort();
  },
  refused: async () => {
    const heard = [];
    const job = schedule.scheduleJob('forbidden', new Date(Date.now() + 400), () => heard.push(here()));
    job.on('success', (result) => heard.push(result));
    const own = scheduled({ job: 'forbidden' }, () => heard.push('not this'));
    await own().catch((error) => heard.push(error.code));
    while (heard.length < 3) await soon(10);
    return heard;
  },
  rearmed: async () => {
    const heard = [];
    const at = (millis) => new Date(Date.now() + millis);
    const late = schedule.scheduleJob('late', at(600), () => heard.push(here()));
    late.on('run', () => heard.push(`run heard by ${here()}`));
    const early = schedule.scheduleJob('early', at(400), () => heard.push('not this'));
    // Whoever cancels the job that is next arms the timer of the one after it.
    await run({ job: 'somebody else' }, () => early.cancel());
    while (heard.length < 2) await soon(10);
    return heard.sort();
  },
  overlapping: async () => {
    const ids = new Set();
    const tick = scheduled({ job: 'slow' }, async (from) => {
      ids.add(current().runId);
      await soon(30);
      return `${from} ${here()}`;
    });
    return [await Promise.all([tick('first'), tick('second')]), ids.size];
  },
  background: async () => {
    const task = cron.schedule(EACH_SECOND, new URL('./ticks-task.mjs', import.meta.url).href, {
      logger: silent,
    });
    const heard = await new Promise((resolve) =>
      task.on('execution:finished', ({ execution }) => resolve(execution.result)),
    );
    await task.destroy();
    return heard;
  },
  interval: async () => {
    // Not a scheduler: what a run waits for is that run's own work.
    return run({ job: 'polling' }, () => new Promise((resolve) => setTimeout(() => resolve(here()), 1)));
  },
};
const silent = { info() {}, warn() {}, error() {}, debug() {} };

const said = {};
await action('arms', {}, async () => {
  for (const way of process.argv.slice(2)) said[way] = await ways[way]();
});
process.stdout.write(JSON.stringify(said));
