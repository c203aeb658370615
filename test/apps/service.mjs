// A service under the SDK. `burst N`: N actions in a run. `hang`: an action in a run that never ends.
import { action, run } from '@whence/sdk';

const [, , what, count] = process.argv;
await run({ job: what }, async ({ runId }) => {
  process.stdout.write(`${runId}\n`);
  if (what === 'hang')
    await action(
      'purge orders',
      { target: 'db://orders' },
      () => new Promise((resolve) => setTimeout(resolve, 600_000)),
    );
  for (let i = 0; i < Number(count); i++) action(`a${i}`, {}, () => {});
});
