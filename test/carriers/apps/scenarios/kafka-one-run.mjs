// A batch of which every message is of the same run, and whose second message fails the first time.
import { action, eachCaused, run } from '@whence/sdk';
import { consume, producer, topic } from './kafka.mjs';

const a = await run({ job: 'a' }, async ({ reference }) => {
  const messages = ['1', '2', '3'].map((value) => ({ value, partition: 0 }));
  await producer.sendBatch({ topicMessages: [{ topic, messages }] });
  return reference;
});

let failed = false;
await consume((done) => ({
  eachBatch: async ({ batch }) => {
    action('insert all', {}, () => {});
    await eachCaused(batch.messages, ({ value }) => {
      if (failed || `${value}` !== '2') return;
      failed = true;
      throw new Error('not today');
    });
    done();
  },
}));
process.stdout.write(JSON.stringify({ a }));
