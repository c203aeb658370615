import { describe, expect, it } from 'vitest';
import { isPrincipalId, isPrincipalKind, PRINCIPAL_KINDS } from './principal.ts';

describe('isPrincipalId', () => {
  it.each([
    'spiffe://bank.example/ns/prod/sa/nightly',
    'k8s://demo/jobs/scheduler',
    'github://org/repo/.github/workflows/deploy.yml',
    'user:dana@example.com',
    'urn:uuid:01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
    'user:josé@example.com',
    `a:${'x'.repeat(510)}`,
  ])('takes %s', (id) => {
    expect(isPrincipalId(id)).toBe(true);
  });

  it.each([
    ['no scheme', 'dana@example.com'],
    ['nothing after the scheme', 'user:'],
    ['no scheme before the colon', ':dana'],
    ['a scheme in capitals', 'User:dana'],
    ['a scheme that begins with a digit', '8s://x'],
    ['a blank', 'user:dana x'],
    ['a no-break space', 'user:dana\u00a0x'],
    ['a line end', 'user:dana\n'],
    ['a control character', 'user:da\u001b[31mna'],
    ['a bidirectional override', 'user:\u202eanad'],
    ['a zero-width character', 'user:da\u200bna'],
    ['half a character', 'user:\ud800'],
    ['513 characters', `a:${'x'.repeat(511)}`],
    ['nothing', ''],
  ])('refuses %s', (_, id) => {
    expect(isPrincipalId(id)).toBe(false);
  });
});

describe('isPrincipalKind', () => {
  it('takes the kinds, and nothing else', () => {
    for (const kind of PRINCIPAL_KINDS) expect(isPrincipalKind(kind)).toBe(true);
    for (const other of ['', 'root', 'HUMAN', 'toString']) expect(isPrincipalKind(other)).toBe(false);
  });
});
