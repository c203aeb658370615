// Headers that are shared between the messages of two runs and of nobody, all of them sent at the same time.
import { action, run } from '@whence/sdk';
import { consume, send } from './kafka.mjs';

const headers = { kind: 'invoice' };
const sendIn = (job) =>
  run({ job }, async ({ reference }) => {
    await Promise.all([send(job, headers), send(job, headers)]);
    return reference;
  });
const [a, b] = await Promise.all([sendIn('a'), sendIn('b'), send('nobody', headers)]);
// As received, with what another run put into them.
await send('passed on', {
  ...headers,
  traceparent: `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`,
  tracestate: `whence=${a}`,
});

let left = 6;
await consume((done) => ({
  eachMessage: async ({ message }) => {
    action(`work of ${message.value}`, {}, () => {});
    left -= 1;
    if (left === 0) done();
  },
}));
process.stdout.write(JSON.stringify({ a, b, headers }));
