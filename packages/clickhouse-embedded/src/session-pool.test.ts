import { describe, expect, test } from 'vitest';
import { SessionPool } from './session-pool.ts';

const never = new AbortController().signal;
const pool = (size: number, limits = {}) =>
  new SessionPool('readers', size, { maxWaiting: 2, waitMillis: 1_000, ...limits });

describe('a pool', () => {
  test('lets so many through, then one for each that leaves, in order', async () => {
    const slots = pool(2);
    const first = await slots.acquire(never);
    const second = await slots.acquire(never);
    const order: string[] = [];
    const third = slots.acquire(never);
    void third.then(() => order.push('third'));
    const fourth = slots.acquire(never);
    void fourth.then(() => order.push('fourth'));
    expect([slots.running, slots.waiting]).toEqual([2, 2]);
    first();
    await third;
    second();
    await fourth;
    expect(order).toEqual(['third', 'fourth']);
    (await third)();
    (await fourth)();
    expect([slots.running, slots.waiting]).toEqual([0, 0]);
  });

  test('frees a slot once, however often it is told', async () => {
    const slots = pool(1);
    const free = await slots.acquire(never);
    free();
    free();
    expect(slots.running).toBe(0);
  });

  test('refuses when as many wait as may, and who waits too long', async () => {
    const slots = pool(1, { maxWaiting: 1, waitMillis: 20 });
    const free = await slots.acquire(never);
    const waiting = slots.acquire(never);
    await expect(slots.acquire(never)).rejects.toMatchObject({ code: 202 });
    await expect(waiting).rejects.toMatchObject({ code: 202 });
    free();
    (await slots.acquire(never))();
    expect([slots.running, slots.waiting]).toEqual([0, 0]);
  });

  test('forgets who leaves the queue', async () => {
    const slots = pool(1);
    const free = await slots.acquire(never);
    const leaving = new AbortController();
    const waiting = slots.acquire(leaving.signal);
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ codeName: 'QUERY_WAS_CANCELLED' });
    await expect(slots.acquire(leaving.signal)).rejects.toMatchObject({ codeName: 'QUERY_WAS_CANCELLED' });
    expect(slots.waiting).toBe(0);
    free();
    expect(slots.running).toBe(0);
  });
});
