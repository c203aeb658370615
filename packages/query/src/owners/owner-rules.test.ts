import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readOwnerRules, ruleFor } from './owner-rules.ts';

const FILE = `
teams:
  - { name: payments, owner: 'user:dana@example.com' }
principals:
  - match: k8s://prod/payments/*
    team: payments
  - match: [github://demo/*, 'k8s://demo/jobs/nightly']
    owner: user:ada@example.com
  - match: k8s://*
    team: platform
`;

const faultsOf = (text: string): readonly string[] => {
  try {
    readOwnerRules(text, 'owners.yaml');
  } catch (error) {
    expect(error).toMatchObject({ code: 'owners_invalid' });
    return (error as Error).message.split('\n');
  }
  throw new Error('it was taken');
};

describe('an owners file', () => {
  test('the first pattern that fits counts; a team’s owner answers for what names no other', () => {
    const rules = readOwnerRules(FILE, 'owners.yaml');
    expect(ruleFor(rules, 'k8s://prod/payments/api')).toEqual({
      pattern: 'k8s://prod/payments/*',
      owner: 'user:dana@example.com',
      team: 'payments',
    });
    expect(ruleFor(rules, 'github://demo/app/ci')?.owner).toBe('user:ada@example.com');
    expect(ruleFor(rules, 'k8s://demo/jobs/nightly')?.owner).toBe('user:ada@example.com');
    expect(ruleFor(rules, 'k8s://demo/jobs/weekly')).toEqual({ pattern: 'k8s://*', team: 'platform' });
    expect(ruleFor(rules, 'user:ada@example.com')).toBeUndefined();
    expect(readOwnerRules('', 'owners.yaml').rules).toEqual([]);
  });

  test('that of the README is one', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(readOwnerRules(yaml, 'README.md').rules).toHaveLength(3);
  });

  test('every fault is told at once, and where it is', () => {
    expect(
      faultsOf(`
teams:
  - { name: payments, owner: dana }
  - { name: payments, owner: 'user:dana' }
principals:
  - { match: [], owner: 'user:dana' }
  - { match: 'k8s://*' }
  - { match: 'k8s://a b', team: ' x' }
  - { match: 'k8s://*', team: x, tea: y }
`),
    ).toEqual([
      'owners.yaml: 7 faults',
      expect.stringMatching(/^ {2}teams\[0\]\.owner: must be a URI/),
      expect.stringMatching(/^ {2}principals\[0\]\.match: lists nothing/),
      expect.stringMatching(/^ {2}principals\[1\]: names neither owner nor team/),
      expect.stringMatching(/^ {2}principals\[2\]\.match\[0\]: must be/),
      expect.stringMatching(/^ {2}principals\[2\]\.team: must be/),
      expect.stringMatching(/^ {2}principals\[3\]: /),
      expect.stringMatching(/^ {2}teams\[1\]\.name: is that of teams\[0\] as well/),
    ]);
    expect(faultsOf('teams: [')[1]).toMatch(/^ {2}line 1, column \d+: not YAML/);
    expect(faultsOf('- 1')[1]).toMatch(/^ {2}\(the file\): /);
    const many = Array.from({ length: 1001 }, (_, index) => `'a:${index}'`).join(', ');
    expect(faultsOf(`principals: [{ match: [${many}], team: x }]`)[1]).toContain('1001 patterns');
  });

  test('whatever it holds, it is read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          return readOwnerRules(text, 'owners.yaml').rules.length >= 0;
        } catch (error) {
          return (error as { code?: string }).code === 'owners_invalid';
        }
      }),
      { examples: [['*!']] },
    );
  });
});
