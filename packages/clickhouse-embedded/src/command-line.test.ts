import { expect, test } from 'vitest';
import { readCommandLine, usage } from './command-line.ts';
import { defaults, threadsNeeded } from './config.ts';

test('only the data directory has no default', () => {
  const line = readCommandLine(['--data-dir', 'x'], '');
  expect(line).toEqual({ status: 'run', config: { ...defaults, dataDir: 'x' } });
  expect(Object.isFrozen(line.status === 'run' && line.config)).toBe(true);
});

test('every option is heard, and named in the help', () => {
  const args =
    `--data-dir d --host 0.0.0.0 --port 1 --readers 2 --writers 3 --max-waiting 4 --wait-ms 5 --grace-ms 6
    --max-body-bytes 7 --allow-unsafe-sql --exit-with-parent`.split(/\s+/);
  expect(readCommandLine(args, 'secret')).toEqual({
    status: 'run',
    config: {
      dataDir: 'd',
      host: '0.0.0.0',
      port: 1,
      password: 'secret',
      readers: 2,
      writers: 3,
      maxWaiting: 4,
      waitMillis: 5,
      graceMillis: 6,
      maxBodyBytes: 7,
      allowUnsafeSql: true,
      exitWithParent: true,
    },
  });
  for (const option of args.filter((arg) => arg.startsWith('--'))) expect(usage).toContain(option);
});

test('all faults are named at once', () => {
  const line = readCommandLine(['--port', '', '--readers', '0', '--host', '10.0.0.1'], '');
  expect(line.status).toBe('faulty');
  expect(line.status === 'faulty' && line.faults).toHaveLength(4);
});

test('every session has a thread, and some are left', () => {
  expect(threadsNeeded(defaults)).toBe(18);
});
