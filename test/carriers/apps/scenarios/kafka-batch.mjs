// Messages of two runs and of nobody in one batch, which a consumer takes that a third run has started.
import { action, carrier, eachCaused, run } from '@whence/sdk';
import { consume, sendUntraced } from './kafka.mjs';

const messages = [];
const add = (value) =>
  action(`send ${value}`, {}, () => void messages.push({ value, headers: { ...carrier() } }));
const addIn = (job, ...values) =>
  run({ job }, ({ reference }) => {
    values.forEach(add);
    return reference;
  });
const a = await addIn('a', '1', '2');
const b = await addIn('b', '3');
add('4');
sendUntraced(messages);

let starter;
await consume(
  (done) => ({
    eachBatch: async ({ batch }) => {
      action('outside', {}, () => {});
      await eachCaused(batch.messages, async ({ value }) => {
        await new Promise((resolve) => setImmediate(resolve));
        action(`work ${value}`, {}, () => {});
      });
      action('afterwards', {}, () => {});
      done();
    },
  }),
  (start) =>
    run({ job: 'starter' }, async ({ reference }) => {
      starter = reference;
      await start();
    }),
  (consumer) => consumer.on('consumer.start_batch_process', () => action('told', {}, () => {})),
);
process.stdout.write(JSON.stringify({ a, b, starter }));
