import { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { childEnv, run } from '@whence/sdk';

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is a script for a child
const SCRIPT = 'process.stdout.write(`${process.env.TRACEPARENT} ${process.env.TRACESTATE}`)';

await run({ job: 'children' }, async ({ span, reference }) => {
  const said = {};
  const child = spawn(process.execPath, ['-e', SCRIPT, '--', '--password', 'hunter2', '--token=abc'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  said.spawn = '';
  child.stdout.on('data', (chunk) => {
    said.spawn += chunk;
  });
  await once(child, 'close');
  said.execFile = (await promisify(execFile)(process.execPath, ['-e', SCRIPT])).stdout;
  said.exec = (await promisify(exec)('echo $TRACEPARENT $TRACESTATE')).stdout.trim();
  said.execSync = execSync('echo $TRACEPARENT $TRACESTATE').toString().trim();
  said.spawnSync = spawnSync(process.execPath, ['-e', SCRIPT]).stdout.toString();
  said.execFileSync = execFileSync(process.execPath, ['-e', SCRIPT], { encoding: 'utf8' });
  said.childEnv = execFileSync(process.execPath, ['-e', SCRIPT], { encoding: 'utf8', env: childEnv() });
  const own = { ...process.env, TRACEPARENT: 'the-callers', TRACESTATE: 'own' };
  said.own = execFileSync(process.execPath, ['-e', SCRIPT], { encoding: 'utf8', env: own });
  const forked = fork(new URL('./forked.mjs', import.meta.url));
  [said.fork] = await once(forked, 'message');
  await once(forked, 'exit');
  spawnSync(process.execPath, ['-e', 'process.exit(3)', 'failing']);
  const missing = spawn('/nowhere/no-such-program', ['x']);
  said.missing = (await once(missing, 'error').catch((error) => [error]))[0].code;
  process.stdout.write(JSON.stringify({ traceId: span.spanContext().traceId, reference, said }));
});
