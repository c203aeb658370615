import { describe, expect, it } from 'vitest';
import { readRetention } from './retention.ts';

const faultsOf = (text: string): readonly string[] => {
  const read = readRetention(text);
  return read.status === 'faulty' ? read.faults : [];
};
const daysOf = (text: string) => {
  const read = readRetention(text);
  if (read.status === 'faulty') throw new Error(read.faults.join('; '));
  return Object.fromEntries(read.retention);
};

describe('what is set', () => {
  it('is days or weeks by tier; what is not named is kept for ever', () => {
    expect(daysOf('spans=30d, runs=57w,causes=400d')).toEqual({ spans: 30, runs: 399, causes: 400 });
    expect(daysOf('spans=30d,runs=forever')).toEqual({ spans: 30 });
    expect(daysOf('forever')).toEqual({});
    expect(daysOf('findings=1d')).toEqual({ findings: 1 });
  });

  it.each([
    ['', 'such as spans=30d'],
    ['30d', 'such as spans=30d'],
    ['spans=30', 'such as spans=30d'],
    ['spans=-1d', 'such as spans=30d'],
    ['spans=30d,forever', 'such as spans=30d'],
    ['otel_traces=30d', 'none of the tiers: spans, runs'],
    ['seals=30d', 'none of the tiers'],
    ['inventory=30d', 'none of the tiers'],
    ['spans=0d', '1 to 10000 days'],
    ['spans=10001d', '1 to 10000 days'],
    ['spans=30d,spans=40d', 'spans is there twice'],
    ['spans=forever,spans=40d', 'spans is there twice'],
  ])('"%s" is refused', (text, fault) => {
    expect(faultsOf(text).join()).toContain(fault);
  });

  it('says every fault at once', () => {
    expect(faultsOf('span=30d,runs=0d,causes')).toHaveLength(4);
  });
});

describe('runs and causes do not go sooner than spans', () => {
  it('as long, or longer', () => {
    expect(daysOf('spans=30d,runs=30d,causes=31d')).toEqual({ spans: 30, runs: 30, causes: 31 });
  });

  it.each([
    ['spans=30d,runs=29d', ['Set runs=30d or more, or spans=29d or less']],
    ['spans=4w,causes=3w,runs=2w', ['Set runs=28d or more', 'Set causes=28d or more']],
    ['runs=400d', ['spans never', 'Set spans=400d or less too, or leave runs out']],
    ['spans=forever,causes=400d', ['spans never']],
  ])('%s is refused, and what to do is said', (text, advice) => {
    const faults = faultsOf(text).join('\n');
    for (const each of advice) expect(faults).toContain(each);
  });
});
