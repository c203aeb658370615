// One at a time: the handler fails once, and then does a run of its own.
import { action, current, run } from '@whence/sdk';
import { consume, send } from './kafka.mjs';

const a = await run({ job: 'a' }, async ({ reference }) => {
  await send('1');
  return reference;
});

let failed = false;
let child;
await consume((done) => ({
  eachMessage: async () => {
    action('work', {}, () => {});
    if (!failed) {
      failed = true;
      throw new Error('not today');
    }
    child = await run({ job: 'child', trigger: 'message' }, ({ reference, parentRunId, trigger }) => {
      action('work of the child', {}, () => {});
      return { reference, parentRunId, trigger };
    });
    child.around = current();
    done();
  },
}));
process.stdout.write(JSON.stringify({ a, child }));
