import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jobName } from './tick.ts';

const PROGRAM = basename(process.argv[1]!);

describe('the job of a schedule', () => {
  it.each([
    ['nightly', '0 2 * * *', 'nightly'],
    ['', '0 2 * * *', `${PROGRAM} 0 2 * * *`],
    [undefined, '@daily', `${PROGRAM} @daily`],
    [undefined, new Date(0), `${PROGRAM} once`],
    [undefined, { hour: 2 }, `${PROGRAM} schedule`],
    ['tab\tand\u200bmore', '', 'tab and more'],
    ['r\u00e9serve \u{1f319}', '', 'r\u00e9serve \u{1f319}'],
    ['x'.repeat(500), '', 'x'.repeat(200)],
    [`${'x'.repeat(199)}\u{1f319}`, '', `${'x'.repeat(199)} `],
  ])('named %j with %j is %j', (name, pattern, job) => {
    expect(jobName(name, pattern)).toBe(job);
  });
});
