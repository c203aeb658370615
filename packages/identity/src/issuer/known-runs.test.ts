import { newRunId, type Run } from '@whence/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKnownRuns } from './known-runs.ts';

const run = (id: string, more: Partial<Run> = {}): Run => ({
  id,
  rootId: id,
  path: [],
  job: 'nightly',
  attempt: 1,
  trigger: 'schedule',
  principal: { id: 'k8s://demo/nightly', kind: 'scheduler' },
  assurance: 'verified',
  tenant: 'default',
  startedAt: '2026-03-01T03:14:00.000Z',
  ...more,
});
const ended = { endedAt: '2026-03-01T03:15:00.000Z', outcome: 'success' } as const;

describe('known runs', () => {
  it('are known by tenant and id', () => {
    const runs = createKnownRuns(10);
    const id = newRunId();
    runs.remember(run(id));
    runs.remember(run(id, { tenant: 'acme', job: 'theirs' }));
    expect(runs.get('default', id)?.job).toBe('nightly');
    expect(runs.get('acme', id)?.job).toBe('theirs');
    expect(runs.get('other', id)).toBeUndefined();
    expect(runs.get('default', newRunId())).toBeUndefined();
  });

  it('stay ended, in whatever order their records come', () => {
    const runs = createKnownRuns(10);
    const id = newRunId();
    runs.remember(run(id, ended));
    runs.remember(run(id));
    expect(runs.get('default', id)?.outcome).toBe('success');
  });

  it('are given up in the order in which they were last touched', () => {
    const runs = createKnownRuns(2);
    const [a, b, c] = [newRunId(), newRunId(), newRunId()];
    runs.remember(run(a));
    runs.remember(run(b));
    runs.get('default', a);
    runs.remember(run(c));
    expect([a, b, c].map((id) => runs.get('default', id) !== undefined)).toEqual([true, false, true]);
  });

  it('refuse a capacity that holds nothing', () => {
    for (const capacity of [0, -1, 1.5, Number.NaN])
      expect(() => createKnownRuns(capacity)).toThrow(RangeError);
  });

  it('are the same as a plain list kept in order of use', () => {
    const ids = Array.from({ length: 6 }, newRunId);
    const step = fc.record({ remember: fc.boolean(), id: fc.constantFrom(...ids), over: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (capacity, steps) => {
        const runs = createKnownRuns(capacity);
        const list: { id: string; over: boolean }[] = [];
        for (const { remember, id, over } of steps) {
          const at = list.findIndex((each) => each.id === id);
          const [known] = at < 0 ? [] : list.splice(at, 1);
          if (remember) {
            runs.remember(run(id, over ? ended : {}));
            list.push({ id, over: over || known?.over === true });
            if (list.length > capacity) list.shift();
          } else {
            expect(runs.get('default', id)?.endedAt !== undefined).toBe(known?.over === true);
            if (known !== undefined) list.push(known);
          }
          expect(runs.size).toBe(list.length);
        }
      }),
    );
  });
});
