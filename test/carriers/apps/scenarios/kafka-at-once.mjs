// Twenty-one messages, of two runs by turns and of nobody, handled at the same time.
import { setTimeout as pause } from 'node:timers/promises';
import { action, carrier, current, eachCaused, run } from '@whence/sdk';
import { consume, sendUntraced } from './kafka.mjs';

const messages = [];
const addIn = (job) =>
  run({ job }, async ({ reference }) => {
    for (let number = 0; number < 10; number++) {
      await pause(1);
      action('send', {}, () => void messages.push({ value: `${job} ${number}`, headers: { ...carrier() } }));
    }
    return reference;
  });
const [a, b] = await Promise.all([addIn('a'), addIn('b')]);
sendUntraced([...messages, { value: 'nobody 0' }]);

const wrong = [];
const handle = async ({ value }) => {
  const [job] = `${value}`.split(' ');
  for (let step = 0; step < 5; step++) {
    await pause(Math.random() * 5);
    if (current()?.reference !== { a, b }[job]) wrong.push(`${value}`);
  }
  action(`work ${value}`, {}, () => {});
};
let atOnce = 0;
await consume((done) => ({
  eachBatch: async ({ batch }) => {
    atOnce = batch.messages.length;
    await Promise.all(batch.messages.map((message) => eachCaused([message], handle)));
    done();
  },
}));
process.stdout.write(JSON.stringify({ a, b, wrong, atOnce }));
