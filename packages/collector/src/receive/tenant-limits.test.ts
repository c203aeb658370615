import { readCredentials } from '@whence/identity';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { limitOfTenant, TenantLimits } from './tenant-limits.ts';

const LIMIT = { bytesPerSecond: 100, burstBytes: 1_000 };

it('lets a burst through, then the rate', () => {
  let now = 0;
  const limits = new TenantLimits(
    () => LIMIT,
    () => now,
  );
  expect(limits.secondsUntilAllowed('a')).toBe(0);
  limits.take('a', 1_300);
  expect(limits.secondsUntilAllowed('a')).toBe(3);
  now += 3_010;
  expect(limits.secondsUntilAllowed('a')).toBe(0);
});

it('knows no limit where none is set', () => {
  const limits = new TenantLimits(() => undefined);
  limits.take('a', 1e12);
  expect(limits.secondsUntilAllowed('a')).toBe(0);
});

it('keeps tenants apart', () => {
  const limits = new TenantLimits(
    () => LIMIT,
    () => 0,
  );
  limits.take('noisy', 10_000);
  expect(limits.secondsUntilAllowed('noisy')).toBeGreaterThan(0);
  expect(limits.secondsUntilAllowed('quiet')).toBe(0);
});

it('never lets more through than burst, rate and one request, whatever the times and sizes', () => {
  const request = fc.record({ wait: fc.nat(2_000), bytes: fc.nat(700) });
  fc.assert(
    fc.property(fc.array(request), (requests) => {
      let now = 0;
      let sent = 0;
      const limits = new TenantLimits(
        () => LIMIT,
        () => now,
      );
      for (const { wait, bytes } of requests) {
        now += wait;
        if (limits.secondsUntilAllowed('a') > 0) continue;
        limits.take('a', bytes);
        sent += bytes;
      }
      expect(sent).toBeLessThanOrEqual(LIMIT.burstBytes + (now / 1000) * LIMIT.bytesPerSecond + 700);
    }),
  );
});

it('takes a tenant’s own limit from the credentials file, over that of all', () => {
  const file = {
    trustDomain: 'd',
    certificates: ['a', 'b', 'c', 'free'].map((tenant) => ({ san: `spiffe://d/${tenant}`, tenant })),
    tenants: [
      { id: 'a', bytesPerSecond: 7 },
      { id: 'b', bytesPerSecond: 7, burstBytes: 9 },
      { id: 'free', bytesPerSecond: 0 },
    ],
  };
  const limitOf = limitOfTenant(readCredentials(JSON.stringify(file), 'whence.yaml'), LIMIT, 64);
  expect(['a', 'b', 'c', 'free', 'else'].map(limitOf)).toEqual([
    { bytesPerSecond: 7, burstBytes: 64 },
    { bytesPerSecond: 7, burstBytes: 9 },
    LIMIT,
    undefined,
    LIMIT,
  ]);
  expect(limitOfTenant(undefined, undefined, 64)('a')).toBeUndefined();
});
