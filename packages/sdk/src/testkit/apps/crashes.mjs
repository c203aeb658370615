// Ends a span, then fails in the way it is told to.
import { action } from '@whence/sdk';

action('before the crash', {}, () => {});
const [, , how] = process.argv;
if (how === 'handled') process.on('uncaughtException', () => process.exit(5));
setTimeout(() => {
  if (how === 'rejection') void Promise.reject(new Error('boom at dawn'));
  else throw new Error('boom at dawn');
}, 1);
