// A service under the SDK, which does one thing in a run and says the run's id.
import { action, guard, run } from '@whence/sdk';

const [, , what, count] = process.argv;
const forever = () => new Promise((resolve) => setTimeout(resolve, 600_000));
const turn = () => new Promise((resolve) => setTimeout(resolve, 10));

const services = {
  /** Many actions. */
  burst: async () => {
    for (let i = 0; i < Number(count); i++) action(`a${i}`, {}, () => {});
  },
  /** An action that does not end. */
  hang: () => action('purge orders', { target: 'db://orders' }, forever),
  /** An action that ends late. */
  dawdle: () => action('dawdle', {}, () => new Promise((resolve) => setTimeout(resolve, Number(count)))),
  /** Something is left behind, which acts when the run has ended. */
  leave: async () => {
    setTimeout(() => action('left behind', {}, () => {}), 300);
  },
  /** Asked for in this run, done in another. */
  mix: async () => {
    const asked = guard(() => action('whose', {}, () => {}));
    await run({ job: 'another' }, () => turn().then(asked));
  },
};

await run({ job: what }, ({ runId }) => {
  process.stdout.write(`${runId}\n`);
  return services[what]();
});
