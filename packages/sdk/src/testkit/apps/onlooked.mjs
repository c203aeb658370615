// Something in it listens as the package signal-exit does: ends the process only where no other listener is left.
import { action } from '@whence/sdk';

globalThis[Symbol.for('signal-exit emitter')] = { count: 1 };
const onlooker = () => {
  if (process.listeners('SIGTERM').length !== 1) return;
  process.off('SIGTERM', onlooker);
  process.kill(process.pid, 'SIGTERM');
};
process.on('SIGTERM', onlooker);
action('before the signal', {}, () => {});
setInterval(() => {}, 1000);
process.stdout.write('waiting\n');
