import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFindingsFile } from './findings-file.ts';
import { inForce } from './rule-settings.ts';
import { ruleByCode } from './rules.ts';

test('a file sets rules, guards targets and mutes', () => {
  const { rules, mutes } = readFindingsFile(
    `
rules:
  rate_spike: { times: 10, severity: high }
  unattributed_on_guarded_target: { targets: ['postgresql://prod-*'] }
mutes:
  - { rule: shared_credential, principal: 'k8s://demo/*', reason: forwarder, until: '2027-01-01T00:00:00+01:00' }
`,
    'findings.yaml',
  );
  expect(Object.fromEntries(rules)).toEqual({
    rate_spike: { times: 10, severity: 'high' },
    unattributed_on_guarded_target: { targets: ['postgresql://prod-*'] },
  });
  expect(mutes).toMatchObject([
    { rule: 'shared_credential', target: '*', until: '2026-12-31T23:00:00.000Z', by: 'file:findings.yaml' },
  ]);
  expect(readFindingsFile('', 'findings.yaml').mutes).toEqual([]);
});

test('what the API sets goes before the file, and that before the defaults', () => {
  const rule = ruleByCode.get('rate_spike')!;
  expect(inForce(rule, { times: 10, minimum: 7 }, { times: 20, enabled: false })).toMatchObject({
    enabled: false,
    settings: { times: 20, minimum: 7, deviations: 6 },
  });
  // A threshold of an earlier version is no reason to stop.
  expect(inForce(rule, {}, { gone: 1 }).enabled).toBe(true);
});

test('every fault is told at once, and where it is', () => {
  const faulty = `
rules: { rate_spike: { times: many, speed: 3 }, no_rule: {} }
mutes: [{ rule: x }]
`;
  try {
    readFindingsFile(faulty, 'f.yaml');
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: 'settings_invalid' });
    expect((error as Error).message.split('\n').map((line) => line.split(': ')[1])).toEqual([
      ...['rules.rate_spike.times', 'rules.rate_spike', 'rules', 'mutes[0].rule', 'mutes[0].reason'],
    ]);
  }
});

test('whatever it holds, it is read or refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        return readFindingsFile(text, 'f.yaml').mutes.length >= 0;
      } catch (error) {
        return (error as { code?: string }).code === 'settings_invalid';
      }
    }),
  );
});
