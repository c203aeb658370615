import { describe, expect, it } from 'vitest';
import { authorityOf } from './authority.ts';

describe('authorityOf', () => {
  it.each([
    ['user:dana@example.com', 'human'],
    ['policy:nightly-jobs@3', 'policy'],
    ['approval:7f2c', 'approval'],
  ])('%s is a %s', (id, kind) => {
    expect(authorityOf(id)).toEqual({ id, kind });
  });

  it.each([
    ['no scheme', 'nightly-jobs@3'],
    ['another scheme', 'role:admin'],
    ['a property of every object', 'constructor:x'],
    ['nothing after the scheme', 'policy:'],
    ['a blank', 'policy:nightly jobs'],
    ['a line end', 'policy:x\n'],
    ['a bidirectional override', 'user:\u202eanad'],
    ['a capital', 'Policy:x'],
    ['501 characters', `policy:${'x'.repeat(501)}`],
  ])('is undefined with %s', (_, id) => {
    expect(authorityOf(id)).toBeUndefined();
  });
});
