/** Arms the schedule, in a run of its own: a deployment, say. */
import { run } from '@whence/sdk';
import { Queue } from 'bullmq';
import { connection, QUEUE } from './queue.ts';

const queue = new Queue(QUEUE, { connection });
await run({ job: 'deploy' }, async ({ runId }) => {
  await queue.upsertJobScheduler('purge-sessions', { every: 2000 }, { name: 'purge-sessions' });
  console.log(`armed in run ${runId}`);
});
await queue.close();
