// A schedule that a run has armed: three ticks, the third of which fails once, among jobs of another run.
import { action, run } from '@whence/sdk';
import { Queue, Worker } from 'bullmq';
import { connection, name } from './bullmq.mjs';

const queue = new Queue(name, { connection });
const armer = await run({ job: 'armer' }, async ({ reference }) => {
  await queue.upsertJobScheduler('tick', { every: 100 }, { name: 'tick', opts: { attempts: 2 } });
  return reference;
});
const other = await run({ job: 'other' }, async ({ reference }) => {
  for (let number = 0; number < 20; number++) await queue.add('other', {}, { delay: number * 20 });
  return reference;
});

const ticks = new Set();
const runs = [];
await new Promise((resolve) => {
  const processor = async (job) => {
    action(`work of ${job.name}`, {}, () => {});
    if (job.name !== 'tick') return;
    ticks.add(job.id);
    if (ticks.size === 3 && job.attemptsMade === 0) throw new Error('not today');
    await run({ job: 'nightly', trigger: 'schedule' }, ({ reference, parentRunId }) => {
      runs.push({ reference, parentRunId });
    });
    if (ticks.size === 3) {
      await queue.removeJobScheduler('tick');
      resolve(worker);
    }
  };
  const worker = new Worker(name, processor, { connection });
}).then((worker) => worker.close());
await queue.obliterate({ force: true });
await queue.close();
process.stdout.write(JSON.stringify({ armer, other, runs }));
