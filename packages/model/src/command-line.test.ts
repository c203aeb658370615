import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandLine } from './command-line.ts';

describe('commandLine', () => {
  it.each([
    [['node', 'report.ts', '--month', '2026-11'], 'node report.ts --month 2026-11'],
    [['echo', 'two words', ''], 'echo "two words" ""'],
    [['x', '--password', 'hunter2'], 'x --password ***'],
    [['x', '--db-password=hunter2'], 'x --db-password=***'],
    [['x', '--api-key', 'abc', '--apiKey=abc', '-token', 'abc'], 'x --api-key *** --apiKey=*** -token ***'],
    [['x', '--key', 'abc', '--auth=abc'], 'x --key *** --auth=***'],
    [['x', '--token', '--verbose'], 'x --token --verbose'],
    [['x', '--keyspace', 'ks', '--monkey=george'], 'x --keyspace ks --monkey=george'],
    [['psql', 'postgres://app:hunter2@db/bank'], 'psql postgres://app:***@db/bank'],
    [['curl', '-H', 'Authorization: Bearer abc.def'], 'curl -H "Authorization: Bearer ***"'],
    [['sh', '-c', 'PGPASSWORD=hunter2 psql'], 'sh -c "PGPASSWORD=*** psql"'],
    [['sh', '-c', 'x --secret hunter2 --b'], 'sh -c "x --secret *** --b"'],
    [['sh', '-c', "x --secret='a b'"], 'sh -c "x --secret=***"'],
  ])('%j is recorded as %s', (argv, recorded) => {
    expect(commandLine(argv)).toBe(recorded);
  });

  it('is bounded', () => {
    expect(commandLine(['x', 'y'.repeat(100_000)]).length).toBeLessThanOrEqual(4097);
  });

  it('records no value that follows a name for a secret', () => {
    const secret = fc.stringMatching(/^[A-Z0-9]{12,40}$/);
    const name = fc.constantFrom('--password', '--token', '--client-secret', '--api-key', '--passphrase');
    fc.assert(
      fc.property(name, secret, fc.boolean(), (flag, value, joined) => {
        const argv = joined ? ['x', `${flag}=${value}`] : ['x', flag, value];
        expect(commandLine(argv)).not.toContain(value);
        expect(commandLine(['sh', '-c', argv.join(' ')])).not.toContain(value);
      }),
    );
  });

  it('takes linear time on hostile input', () => {
    const started = performance.now();
    commandLine(['x', '-'.repeat(50_000), 'token.'.repeat(10_000), 'a://'.repeat(10_000)]);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
