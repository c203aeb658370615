/** Each tick is a run of its own. Who armed the schedule is a link away, and not who did what the tick does. */
import { action, run } from '@whence/sdk';
import { Worker } from 'bullmq';
import { connection, QUEUE } from './queue.ts';

const purge = (): void =>
  action('purge sessions', { system: 'sessions', operation: 'purge', target: 'sessions://expired' }, (span) =>
    console.log(`purged, span ${span.spanContext().spanId}`),
  );

new Worker(
  QUEUE,
  (job) =>
    run({ job: job.name, trigger: 'schedule', attempt: job.attemptsMade + 1 }, ({ runId }) => {
      console.log(`tick in run ${runId}`);
      purge();
    }),
  { connection },
);
