import { expect, test } from 'vitest';
import { refusalAllowance } from './refusal-allowance.ts';

test('200 at once, then 20 a second, and never more than 200 after a pause', () => {
  let now = 0;
  const allowed = refusalAllowance(() => now);
  const count = (tries: number): number => Array.from({ length: tries }, allowed).filter(Boolean).length;
  expect(count(1000)).toBe(200);
  now += 1000;
  expect(count(1000)).toBe(20);
  now += 3_600_000;
  expect(count(1000)).toBe(200);
});
