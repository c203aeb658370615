// A processor in a process of its own, which the first job of one run starts, and a job of another run comes to later.
import { run } from '@whence/sdk';
import { Queue, Worker } from 'bullmq';
import { connection, name, times } from './bullmq.mjs';

const queue = new Queue(name, { connection });
const addIn = (job) =>
  run({ job }, async ({ reference }) => {
    await queue.add(job, {});
    return reference;
  });
const worker = new Worker(name, `${import.meta.dirname}/bullmq-processor.mjs`, { connection });
const first = times(worker, 'completed', 1);
const a = await addIn('a');
await first;
const second = times(worker, 'completed', 1);
const b = await addIn('b');
await second;
await worker.close();
await queue.close();
process.stdout.write(JSON.stringify({ a, b }));
