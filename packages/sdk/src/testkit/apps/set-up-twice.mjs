// Sets up by hand what is set up already, and then again.
import { whence } from '@whence/sdk';

const first = whence({ issuerUrl: 'http://127.0.0.1:1' });
const second = whence();
await first.run({ job: 'twice' }, () => {});
process.stdout.write(`${first === second}`);
await second.shutdown();
first.action('too late', {}, () => {});
