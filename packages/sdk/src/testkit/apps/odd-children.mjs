// Child processes as only few start them: each ends as it would without tracing.
import { execFileSync, execSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { action } from '@whence/sdk';

const node = process.execPath;
const caught = (start) => {
  try {
    return start();
  } catch (error) {
    return error.code ?? error.status;
  }
};

await action('odd', {}, async () => {
  const killed = spawn(node, ['-e', 'setInterval(() => {}, 1000)']);
  killed.kill('SIGKILL');
  const [, signal] = await once(killed, 'exit');
  process.stdout.write(
    JSON.stringify({
      signal,
      noArguments: spawnSync(node, { input: 'process.stdout.write("in")', encoding: 'utf8' }).stdout,
      shell: spawnSync('echo one', ['two'], { shell: true, encoding: 'utf8' }).stdout,
      env: execFileSync(node, ['-p', 'process.env.ONLY'], { env: { ONLY: 'this' }, encoding: 'utf8' }),
      failing: caught(() => execSync('exit 4', { stdio: 'ignore' })),
      missing: spawnSync('/nowhere/no-such-program').error.code,
      missingThrows: caught(() => execFileSync('/nowhere/no-such-program')),
      badArguments: caught(() => spawnSync(42)),
      badCommand: caught(() => spawn('')),
      names: [spawnSync.name, execSync.name, execFileSync.name],
    }),
  );
});
