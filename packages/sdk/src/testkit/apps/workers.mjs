// A worker thread under the same flags as its parent.
import { once } from 'node:events';
import { isMainThread, Worker } from 'node:worker_threads';
import { action } from '@whence/sdk';

action(isMainThread ? 'in the main thread' : 'in a worker', {}, () => {});
if (isMainThread) await once(new Worker(new URL(import.meta.url)), 'exit');
