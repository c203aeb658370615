import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyMemory } from './body-memory.ts';

describe('the memory for request bodies', () => {
  it('has room until it is full, and again when something is given back', () => {
    const memory = new BodyMemory(100);
    const [a, b, c] = [memory.lease(), memory.lease(), memory.lease()];
    expect([a.hold(60), b.hold(40), c.hold(1)]).toEqual([true, true, false]);
    expect(memory.exhausted).toBe(true);
    a.release();
    expect([c.hold(60), memory.bytes]).toEqual([true, 100]);
  });

  it('counts what a lease holds in all, not what it asked for one time after another', () => {
    const memory = new BodyMemory(100);
    const lease = memory.lease();
    for (const bytes of [10, 20, 90]) lease.hold(bytes);
    expect(memory.bytes).toBe(90);
  });

  it('takes a body of any size that is alone', () => {
    const memory = new BodyMemory(100);
    const large = memory.lease();
    expect([large.hold(1_000), memory.lease().hold(1)]).toEqual([true, false]);
    large.release();
    expect(memory.lease().hold(1)).toBe(true);
  });

  it('holds more than it may only for a body that is alone, and nothing when all is given back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(200)), { maxLength: 100 }), (steps) => {
        const memory = new BodyMemory(300);
        const leases = Array.from({ length: 5 }, () => memory.lease());
        const held = leases.map(() => 0);
        for (const [i, bytes] of steps) {
          if (bytes === 0) {
            leases[i]!.release();
            held[i] = 0;
          } else if (leases[i]!.hold(bytes)) held[i] = bytes;
          const holders = held.filter((each) => each > 0);
          expect(memory.bytes).toBe(holders.reduce((sum, each) => sum + each, 0));
          if (holders.length > 1) expect(memory.bytes).toBeLessThanOrEqual(300);
        }
        for (const lease of leases) lease.release();
        expect(memory.bytes).toBe(0);
      }),
    );
  });
});
