import { newRunId, type Run } from '@whence/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refused } from './refusal.ts';
import { type BegunRun, createStartOnce, type StartOnceOptions } from './start-once.ts';

const REQUEST = { job: 'nightly', attempt: 1 };
const WORKLOAD = { tenant: 'default', actor: 'k8s://demo/jobs/scheduler' };

const open = (options: Partial<StartOnceOptions> = {}) => {
  let now = 0;
  let begun = 0;
  const once = createStartOnce({ monotonicMillis: () => now, ...options });
  const begin = async (): Promise<BegunRun> => {
    begun += 1;
    return { status: 'begun', run: { id: newRunId() } as Run };
  };
  return {
    once,
    start: (key: string, workload = WORKLOAD) => once.start(workload, key, REQUEST, begin),
    begun: () => begun,
    pass: (millis: number) => (now += millis),
  };
};

describe('a key', () => {
  it('stands for its run for ten minutes', async () => {
    const { start, pass, begun } = open();
    const first = await start('k');
    pass(599_999);
    expect(await start('k')).toEqual(first);
    pass(1);
    expect(await start('k')).not.toEqual(first);
    expect(begun()).toBe(2);
  });

  it('that comes again while the first is under way waits for it', async () => {
    const { once } = open();
    const gate = Promise.withResolvers<BegunRun>();
    let calls = 0;
    const begin = () => {
      calls += 1;
      return gate.promise;
    };
    const start = () => once.start(WORKLOAD, 'k', REQUEST, begin);
    const answers = Promise.all(Array.from({ length: 20 }, start));
    const run: BegunRun = { status: 'begun', run: { id: newRunId() } as Run };
    gate.resolve(run);
    expect(new Set(await answers)).toEqual(new Set([run]));
    expect(calls).toBe(1);
  });

  it('for another request is refused, also while the first is under way', async () => {
    const { once } = open();
    const gate = Promise.withResolvers<BegunRun>();
    const first = once.start(WORKLOAD, 'k', REQUEST, () => gate.promise);
    const other = { ...REQUEST, parent: 'x' };
    expect(await once.start(WORKLOAD, 'k', other, () => Promise.reject())).toMatchObject({
      code: 'idempotency_key_reused',
    });
    gate.resolve({ status: 'begun', run: {} as Run });
    await first;
    expect(await once.start(WORKLOAD, 'k', other, () => Promise.reject())).toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  it('does not mind the order in which a request names its fields', async () => {
    const { once, start } = open();
    const first = await start('k');
    const turned = { attempt: 1, job: 'nightly' };
    expect(await once.start(WORKLOAD, 'k', turned, () => Promise.reject())).toEqual(first);
  });

  it('that began nothing may be used again: after a refusal, and after a failure', async () => {
    const { once, start, begun } = open();
    const no = refused('job_not_allowed', 'no');
    expect(await once.start(WORKLOAD, 'k', REQUEST, async () => no)).toBe(no);
    await expect(once.start(WORKLOAD, 'k', REQUEST, () => Promise.reject(new Error('full')))).rejects.toThrow(
      'full',
    );
    expect(await start('k')).toMatchObject({ status: 'begun' });
    expect(begun()).toBe(1);
  });

  it('that waits for a start which fails, fails with it', async () => {
    const { once } = open();
    const gate = Promise.withResolvers<BegunRun>();
    const both = [1, 2].map(() => once.start(WORKLOAD, 'k', REQUEST, () => gate.promise));
    gate.reject(new Error('full'));
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('belongs to one workload, whatever their names are made of', async () => {
    const { start, begun } = open();
    await start('k', { tenant: 'a', actor: 'b:c' });
    await start('k', { tenant: 'a"', actor: ',"b:c' });
    await start('k', { tenant: 'a', actor: 'b:c"' });
    expect(begun()).toBe(3);
  });
});

describe('memory is bounded', () => {
  it('of one workload the oldest keys are forgotten, and nobody else’s', async () => {
    const { start, begun } = open({ keysPerWorkload: 3 });
    const other = { ...WORKLOAD, actor: 'k8s://demo/jobs/other' };
    await start('mine', other);
    for (const key of ['a', 'b', 'c', 'd']) await start(key);
    for (const key of ['b', 'c', 'd']) await start(key);
    await start('mine', other);
    expect(begun()).toBe(5);
    await start('a');
    expect(begun()).toBe(6);
  });

  it('of all together the oldest are', async () => {
    const { start, begun } = open({ keys: 2 });
    for (const actor of ['w:1', 'w:2', 'w:3']) await start('k', { tenant: 'd', actor });
    await start('k', { tenant: 'd', actor: 'w:3' });
    await start('k', { tenant: 'd', actor: 'w:2' });
    expect(begun()).toBe(3);
    await start('k', { tenant: 'd', actor: 'w:1' });
    expect(begun()).toBe(4);
  });

  it('agrees with the simplest model, whatever comes', async () => {
    const step = fc.record({ workload: fc.nat(2), key: fc.nat(4), wait: fc.nat(4) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { start, pass } = open({ rememberedMillis: 10, keysPerWorkload: 3, keys: 5 });
        let now = 0;
        let model: { at: number; workload: number; key: number; answer: unknown }[] = [];
        for (const { workload, key, wait } of steps) {
          pass(wait);
          now += wait;
          model = model.filter(({ at }) => at > now - 10);
          const known = model.find((entry) => entry.workload === workload && entry.key === key);
          const answer = await start(`${key}`, { tenant: 'd', actor: `w:${workload}` });
          expect(model.map((entry) => entry.answer).includes(answer)).toBe(known !== undefined);
          if (known !== undefined) {
            expect(answer).toBe(known.answer);
            continue;
          }
          model.push({ at: now, workload, key, answer });
          const ofWorkload = model.filter((entry) => entry.workload === workload);
          if (ofWorkload.length > 3) model.splice(model.indexOf(ofWorkload[0]!), 1);
          if (model.length > 5) model.shift();
        }
      }),
    );
  });
});
