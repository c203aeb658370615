import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRunId, newRunId, RUN_ID_BYTES, runIdFromBytes, runIdTime, runIdToBytes } from './run-id.ts';

const RUN = '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10';

describe('run id', () => {
  it('is a UUIDv7 of now, and each one is new', () => {
    const before = Date.now();
    const ids = Array.from({ length: 1000 }, newRunId);
    const after = Date.now();
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
    for (const id of ids) {
      expect(isRunId(id)).toBe(true);
      // The id's clock may run ahead by a millisecond where many are made within one.
      expect(runIdTime(id)).toBeGreaterThanOrEqual(before);
      expect(runIdTime(id)).toBeLessThanOrEqual(after + 1);
    }
  });

  it('has the time of RFC 9562 in front', () => {
    expect(runIdTime('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe(Date.UTC(2022, 1, 22, 19, 22, 22));
  });

  it.each([
    ['capitals', RUN.toUpperCase()],
    ['version 4', '9b2c1a7d-1f2e-4c3b-8a7d-6e5f4a3b2c1d'],
    ['another variant', '01989f3c-6b1d-7a53-cb8e-7c1f7f1f2a10'],
    ['no dashes', RUN.replaceAll('-', '')],
    ['braces', `{${RUN}}`],
    ['a line end', `${RUN}\n`],
    ['nothing', ''],
    ['the nil UUID', '00000000-0000-0000-0000-000000000000'],
  ])('is not one with %s', (_, text) => {
    expect(isRunId(text)).toBe(false);
  });

  it('and its bytes are inverses', () => {
    expect(Buffer.from(runIdToBytes(RUN)).toString('hex')).toBe(RUN.replaceAll('-', ''));
    fc.assert(
      fc.property(fc.nat(), () => {
        const id = newRunId();
        expect(runIdToBytes(id)).toHaveLength(RUN_ID_BYTES);
        expect(runIdFromBytes(runIdToBytes(id))).toBe(id);
      }),
    );
  });

  it('cannot be made of what is none', () => {
    expect(() => runIdToBytes('nightly')).toThrow(TypeError);
    expect(() => runIdFromBytes(new Uint8Array(RUN_ID_BYTES).fill(0xee))).toThrow(TypeError);
  });
});
