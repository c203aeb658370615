// Ends as many spans as it is told to in one tick, and then as it is told to.
import { action, run } from '@whence/sdk';

const [, , count, how] = process.argv;
await run({ job: 'bursts' }, () => {
  for (let i = 0; i < Number(count); i++) action(`a${i}`, {}, () => {});
});
if (how === 'exit') process.exit(0);
