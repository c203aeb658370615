import { expect, it } from 'vitest';
import { Redeliveries } from './redeliveries.ts';

const fail = () => Promise.reject(new Error('no'));

it('counts how often the messages of a batch have come that failed', async () => {
  const redeliveries = new Redeliveries();
  const attempts = () => ['5', '6', '7'].map((offset) => redeliveries.attempt('topic/0', offset));
  expect(attempts()).toEqual([1, 1, 1]);
  await expect(redeliveries.watch('topic/0', ['5', '6'], fail)).rejects.toThrow('no');
  expect(attempts()).toEqual([2, 2, 1]);
  await expect(redeliveries.watch('topic/0', ['6', '7'], fail)).rejects.toThrow('no');
  expect(attempts()).toEqual([1, 3, 2]);
  expect(redeliveries.attempt('topic/1', '6')).toBe(1);
  await redeliveries.watch('topic/0', ['6', '7'], async () => 'done');
  expect(attempts()).toEqual([1, 1, 1]);
});
