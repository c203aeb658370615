// Twenty jobs of two runs, added and processed at the same time, with BullMQ's own OpenTelemetry where it is asked for.
import { setTimeout as pause } from 'node:timers/promises';
import { action, current, run } from '@whence/sdk';
import { Queue, Worker } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { connection, name, times } from './bullmq.mjs';

const options = process.env.OWN_TELEMETRY ? { connection, telemetry: new BullMQOtel() } : { connection };
const queue = new Queue(name, options);
const addIn = (job) =>
  run({ job }, async ({ reference }) => {
    await Promise.all(Array.from({ length: 10 }, (_, number) => queue.add(job, { number })));
    return reference;
  });
const [a, b] = await Promise.all([addIn('a'), addIn('b')]);

const wrong = [];
const processor = async (job) => {
  for (let step = 0; step < 5; step++) {
    await pause(Math.random() * 5);
    if (current()?.reference !== { a, b }[job.name]) wrong.push(`${job.name} ${job.data.number}`);
  }
  action(`work ${job.name} ${job.data.number}`, {}, () => {});
};
const worker = new Worker(name, processor, { ...options, concurrency: 20 });
await times(worker, 'completed', 20);
await worker.close();
await queue.close();
process.stdout.write(JSON.stringify({ a, b, wrong }));
