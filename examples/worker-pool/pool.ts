import { Worker } from 'node:worker_threads';
import { type Carrier, carrier } from '@whence/sdk';

/** What goes to a thread: what to do, and on whose account. */
export interface Task {
  readonly id: number;
  readonly invoice: string;
  readonly whence: Carrier;
}

export interface Done {
  readonly id: number;
  readonly bytes: number;
}

/** Threads that are made once, and work for whoever asks. */
export const createPool = (size: number) => {
  const waiting = new Map<number, (done: Done) => void>();
  const threads = Array.from({ length: size }, () => new Worker(new URL('./render.ts', import.meta.url)));
  for (const thread of threads) {
    thread.on('message', (done: Done) => {
      waiting.get(done.id)?.(done);
      waiting.delete(done.id);
    });
  }
  let last = 0;
  return {
    render: (invoice: string): Promise<Done> =>
      new Promise((resolve) => {
        const task: Task = { id: ++last, invoice, whence: carrier() };
        waiting.set(task.id, resolve);
        threads[task.id % size]!.postMessage(task);
      }),
    close: () => {
      for (const thread of threads) thread.postMessage('close');
    },
  };
};
