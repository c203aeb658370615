// One queue, one worker that a run has started: a job that fails at first, a flow, a delayed job, one of nobody's, one with a carrier
// that is none, and one that does a run of its own.
import { action, run } from '@whence/sdk';
import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';
import { connection, name, times } from './bullmq.mjs';

const queue = new Queue(name, { connection });
const flows = new FlowProducer({ connection });
const a = await run({ job: 'a' }, async ({ reference }) => {
  await queue.add('fails', {}, { attempts: 2, backoff: 1 });
  await queue.add('delayed', {}, { delay: 50 });
  await queue.addBulk([{ name: 'bulk' }]);
  await flows.add({ name: 'parent', queueName: name, children: [{ name: 'child', queueName: name }] });
  await queue.add('of its own', {});
  return reference;
});
await queue.add('nobody', {});
await queue.addJob('garbage', {}, { telemetry: { metadata: '{"traceparent":["00"],' } });

let own;
const processor = async (job) => {
  action(`work of ${job.name} ${job.attemptsMade + 1}`, {}, () => {});
  if (job.name === 'fails' && job.attemptsMade === 0) throw new Error('not today');
  if (job.name === 'of its own') {
    own = await run({ job: 'own', trigger: 'message' }, ({ reference, parentRunId }) => {
      action('work of the run', {}, () => {});
      return { reference, parentRunId };
    });
  }
  return { secret: 'hunter2' };
};
const { worker, events, starter } = await run({ job: 'starter' }, ({ reference }) => ({
  events: new QueueEvents(name, { connection, lastEventId: '0' }),
  worker: new Worker(name, processor, { connection }),
  starter: reference,
}));
events.on('completed', () => action('told', {}, () => {}));
await Promise.all([times(worker, 'completed', 8), times(events, 'completed', 8)]);
await events.close();
await worker.close();
await flows.close();
await queue.close();
process.stdout.write(JSON.stringify({ a, own, starter }));
