import { describe, expect, it } from 'vitest';
import { LOG_LEVELS } from './config.ts';
import { noticesTo } from './notices.ts';

describe('notices', () => {
  it.each([
    ['silent', []],
    ['warn', ['whence: w\n']],
    ['info', ['whence: i\n', 'whence: w\n']],
  ] as const)('at level %s', (level, said) => {
    const lines: string[] = [];
    const notices = noticesTo((line) => lines.push(line), level);
    notices.info('i');
    notices.warn('w');
    expect(lines).toEqual(said);
    expect(LOG_LEVELS).toContain(level);
  });

  it('says a topic once, until it is over', () => {
    const lines: string[] = [];
    const notices = noticesTo((line) => lines.push(line), 'warn');
    notices.warnOnce('outage', 'first');
    notices.warnOnce('outage', 'again');
    notices.over('outage');
    notices.warnOnce('outage', 'second');
    expect(lines).toEqual(['whence: first\n', 'whence: second\n']);
  });
});
