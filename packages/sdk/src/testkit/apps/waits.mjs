// Ends a span, then waits for a signal. `own`: handles it itself, with exit code 7.
import { action } from '@whence/sdk';

if (process.argv[2] === 'own') process.on('SIGTERM', () => setTimeout(() => process.exit(7), 300));
action('before the signal', {}, () => {});
setInterval(() => {}, 1000);
process.stdout.write('waiting\n');
