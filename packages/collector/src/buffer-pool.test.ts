import { expect, it } from 'vitest';
import { BufferPool } from './buffer-pool.ts';

it('gives a buffer of the length asked for, and the same memory again', () => {
  const pool = new BufferPool();
  const first = pool.take(500_000);
  expect(first.length).toBe(500_000);
  pool.give(first);
  const second = pool.take(400_000);
  expect(second.length).toBe(400_000);
  expect(second.buffer).toBe(first.buffer);
});

it('never gives the same memory twice at a time', () => {
  const pool = new BufferPool();
  pool.give(pool.take(100_000));
  const taken = Array.from({ length: 5 }, () => pool.take(100_000).buffer);
  expect(new Set(taken).size).toBe(5);
});

it('keeps no small ones, no huge ones, and no more than its share', () => {
  const pool = new BufferPool();
  for (const length of [0, 1, 1_000, 65_535, 9 << 20]) {
    const bytes = pool.take(length);
    expect(bytes.length).toBe(length);
    pool.give(bytes);
    expect(pool.take(length).buffer).not.toBe(bytes.buffer);
  }
  const many = Array.from({ length: 20 }, () => pool.take(8 << 20));
  for (const bytes of many) pool.give(bytes);
  const again = Array.from({ length: 20 }, () => pool.take(8 << 20).buffer);
  expect(again.filter((buffer) => many.some((bytes) => bytes.buffer === buffer)).length).toBe(8);
});
