/** A thread of the pool. It works for many runs; each task says which one it is for. */
import { parentPort } from 'node:worker_threads';
import { action, causedBy } from '@whence/sdk';
import type { Done, Task } from './pool.ts';

const render = (invoice: string): number =>
  action(
    'render',
    { system: 'pdf', operation: 'render', target: `invoices://${invoice}` },
    () => invoice.length,
  );

parentPort?.on('message', (task: Task | 'close') => {
  if (task === 'close') return parentPort?.close();
  const bytes = causedBy(task.whence, 'message', () => render(task.invoice));
  parentPort?.postMessage({ id: task.id, bytes } satisfies Done);
});
