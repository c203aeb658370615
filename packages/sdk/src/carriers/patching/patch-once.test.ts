import { expect, it, vi } from 'vitest';
import { heardNotices } from '../../testkit/heard-notices.ts';
import { patchOnce } from './patch-once.ts';

it('patches once', () => {
  const { notices, heard } = heardNotices();
  const target = {};
  const patch = vi.fn();
  for (let load = 0; load < 2; load++) patchOnce('broker', target, notices, patch);
  expect(patch).toHaveBeenCalledOnce();
  expect(heard).toEqual([]);
});

it.each([
  ['has nothing to patch', undefined],
  ['cannot be patched', { readonly: true }],
])('says so, once, of a library that %s, and throws nothing', (_, target) => {
  const { notices, heard } = heardNotices();
  for (let load = 0; load < 2; load++) {
    patchOnce('broker', target, notices, () => {
      throw new TypeError('no such method');
    });
  }
  expect(heard).toEqual([expect.stringMatching(/^whence: broker is not traced: /)]);
});
