import { expect, it } from 'vitest';
import { LastAttempts } from './last-attempts.ts';

const span = (spanId: string) => ({ traceId: '1'.repeat(32), spanId: spanId.repeat(16), traceFlags: 1 });

it('links to the attempt before, of the last ten thousand jobs', () => {
  const attempts = new LastAttempts();
  expect(attempts.linksTo('queue:1')).toEqual([]);
  attempts.made('queue:1', span('a'));
  attempts.made('queue:1', span('b'));
  expect(attempts.linksTo('queue:1')).toEqual([
    { context: span('b'), attributes: { 'whence.cause': 'retry' } },
  ]);
  for (let job = 2; job <= 10_001; job++) attempts.made(`queue:${job}`, span('c'));
  expect(attempts.linksTo('queue:1')).toEqual([]);
  expect(attempts.linksTo('queue:2')).toHaveLength(1);
});
