import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';

/** Logs 20,000 lines at a time, 20 times; says on the other stream that its event loop still turns. */
const PROGRAM = `
  import { pino } from 'pino';
  import { logDestination } from ${JSON.stringify(new URL('./log-destination.ts', import.meta.url).href)};
  const log = pino({ name: 'collector' }, logDestination());
  let turns = 0;
  setInterval(() => {
    if (turns < 20) for (let i = 0; i < 20_000; i++) log.info({ i }, 'a line that is about a hundred bytes long, with all that comes with it');
    process.stderr.write(\`turn \${++turns}\\n\`);
  }, 10);
  process.once('SIGTERM', () => process.exit(0));
`;

const start = () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const turns = createInterface({ input: child.stderr });
  return { child, turn: () => once(turns, 'line') };
};

it('a log that nobody reads holds nothing up, and says afterwards how much of it is missing', async () => {
  const { child, turn } = start();
  for (let i = 0; i < 30; i++) await turn();
  const lines = createInterface({ input: child.stdout });
  const dropped = new Promise<number>((resolve) => {
    lines.on('line', (line) => {
      const { dropped } = JSON.parse(line) as { readonly dropped?: number };
      if (dropped !== undefined) resolve(dropped);
    });
  });
  expect(await dropped).toBeGreaterThan(10_000);
});

it('a log whose reader is gone holds nothing up', async () => {
  const { child, turn } = start();
  await turn();
  child.stdout.destroy();
  for (let i = 0; i < 10; i++) await turn();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
