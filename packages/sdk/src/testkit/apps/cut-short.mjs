// In the middle of an action of a run when it is told how to end.
import { setTimeout as delay } from 'node:timers/promises';
import { action, run } from '@whence/sdk';

const [, , how] = process.argv;
await run({ job: 'cut short' }, () =>
  action('under way', {}, async () => {
    process.stdout.write('waiting\n');
    if (how === 'throw') {
      setTimeout(() => {
        throw new Error('boom at dawn');
      }, 50);
    }
    await (how === 'forever' ? new Promise(() => {}) : delay(60_000));
  }),
);
