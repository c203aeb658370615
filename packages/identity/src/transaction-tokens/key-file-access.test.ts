import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExposed } from './key-file-access.ts';

const [US, ROOT, OURS, THEIRS] = [1000, 0, 2000, 3000];

describe('a file of secret keys is exposed', () => {
  it.each([
    ['its owner’s alone', 0o600, US, OURS, false],
    ['a Kubernetes secret with an fsGroup', 0o440, ROOT, OURS, false],
    ['a Kubernetes secret, read by root', 0o440, ROOT, THEIRS, false],
    ['readable by a group of ours', 0o640, US, OURS, false],
    ['readable by a group that we are not in', 0o640, US, THEIRS, true],
    ['writable by a group of ours', 0o660, US, OURS, true],
    ['root’s, writable by a group', 0o660, ROOT, OURS, true],
    ['a Kubernetes secret of the default mode', 0o644, ROOT, OURS, true],
    ['readable by others alone', 0o604, US, OURS, true],
  ])('%s (%o): %5$s', (_, mode, uid, gid, exposed) => {
    expect(isExposed({ mode: 0o100000 | mode, uid, gid }, [OURS])).toBe(exposed);
  });

  it('whenever others may do anything with it, or a group may change it', () => {
    fc.assert(
      fc.property(fc.nat(0o777), fc.nat(3), fc.nat(3), (mode, uid, gid) => {
        if (isExposed({ mode, uid, gid }, [2])) return;
        expect(mode & 0o037).toBe(0);
        if ((mode & 0o040) !== 0) expect(uid === 0 || gid === 2).toBe(true);
      }),
    );
  });
});
