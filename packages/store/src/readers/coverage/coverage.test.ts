import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../open.ts';
import { type Readers, readersOf } from '../open-readers.ts';
import { doneIn, doneInUnknown, hexId, insert, run, runRow, span, TRACE } from '../records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import type { CoverageAsked } from './coverage-reader.ts';

let temporary: TemporaryStore;
let store: Store;
let readers: Readers;

const S = (of: number): string => hexId(16, of);
const at = (time: string): { readonly Timestamp: string; readonly ReceivedAt: string } => ({
  Timestamp: `2026-03-${time}`,
  ReceivedAt: '2026-03-03 00:00:00.000',
});

const nightly = run();
const late = run({ principal: { id: 'github://demo/app/ci', kind: 'ci_runner' } });
const SQL = { System: 'postgresql', Operation: 'UPDATE', Target: 'postgresql://db/bank/accounts' };

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
  readers = readersOf(store, 'default');
  await insert(store, 'runs', [runRow(nightly), runRow(late)]);
  await insert(store, 'otel_traces', [
    span(TRACE, S(1), { ...doneIn(nightly), ...SQL, ...at('01 03:10:00') }),
    span(TRACE, S(2), { ...doneIn(nightly), ...SQL, ...at('01 03:10:01'), Witness: 'gateway' }),
    span(TRACE, S(3), { ...doneInUnknown(late.id), ...at('01 04:00:00'), ServiceName: 'fx' }),
    span(TRACE, S(4), { ...at('02 05:00:00'), ...SQL }),
    span(TRACE, S(5), { ...doneInUnknown(nightly.id, 'refuted'), ...at('02 05:00:00') }),
    span(TRACE, S(6), { TenantId: 'other', ...at('01 03:10:00') }),
  ]);
});

afterAll(() => temporary?.remove());

const seconds = (text: string): number => Date.parse(text) / 1000;

const coverage = (more: Partial<CoverageAsked> = {}) =>
  readers.coverage.read({
    by: [],
    filter: {},
    limit: 10,
    fromSeconds: seconds('2026-03-01T00:00:00Z'),
    toSeconds: seconds('2026-03-03T00:00:00Z'),
    ...more,
  });

describe('coverage', () => {
  test('in all', async () => {
    expect(await coverage()).toEqual({
      totals: {
        actions: 5,
        assurances: { none: 1, asserted: 0, inherited: 0, verified: 3, refuted: 1 },
        witnesses: { sdk: 4, gateway: 1, import: 0 },
      },
      steps: [],
      groups: [],
      groupCount: 0,
    });
  });

  test('by what is asked for, those that did most first; nobody has a group too', async () => {
    const { groups } = await coverage({ by: ['principal'] });
    expect(groups.map(({ principal, actions }) => [principal, actions])).toEqual([
      [undefined, 2],
      [nightly.principal.id, 2],
      [late.principal.id, 1],
    ]);
    const several = await coverage({ by: ['service', 'system'] });
    expect(several.groups.map(({ service, system, actions }) => [service, system, actions])).toEqual([
      ['billing', 'postgresql', 3],
      ['billing', undefined, 1],
      ['fx', undefined, 1],
    ]);
    const one = await coverage({ by: ['principal'], limit: 1 });
    expect([one.groups.length, one.groupCount]).toEqual([1, 3]);
  });

  test('over time', async () => {
    const { steps, groups } = await coverage({ by: ['system'], every: 'day' });
    expect(steps.map(({ at, actions, assurances }) => [at, actions, assurances.verified])).toEqual([
      ['2026-03-01T00:00:00Z', 3, 3],
      ['2026-03-02T00:00:00Z', 2, 0],
    ]);
    expect(groups[0]).toMatchObject({
      system: 'postgresql',
      steps: [
        { at: '2026-03-01T00:00:00Z', actions: 2 },
        { at: '2026-03-02T00:00:00Z', actions: 1 },
      ],
    });
    const hours = await coverage({ every: 'hour', toSeconds: seconds('2026-03-01T04:00:00Z') });
    expect(hours.steps.map(({ at }) => at)).toEqual(['2026-03-01T03:00:00Z']);
  });

  test('narrowed', async () => {
    const actions = async (filter: CoverageAsked['filter']) => (await coverage({ filter })).totals.actions;
    expect(await actions({ principal: late.principal.id })).toBe(1);
    expect(await actions({ service: 'billing' })).toBe(4);
    expect(await actions({ system: 'postgresql' })).toBe(3);
    expect(await actions({ witness: 'gateway' })).toBe(1);
  });
});

describe('targets', () => {
  const accounts = SQL.Target;

  test('what was touched, by whomever, newest or most first', async () => {
    await insert(store, 'otel_traces', [
      span(TRACE, S(20), { ...SQL, ...at('02 09:00:00'), Target: 'postgresql://db/bank/audit' }),
      span(TRACE, S(21), { ...at('02 08:00:00'), System: 'http', Target: 'http://fx/rates' }),
    ]);
    const list = async (more: object = {}) =>
      (await readers.targets.list({ order: 'last_seen', limit: 10, ...more })).targets;
    expect((await list()).map(({ target }) => target)).toEqual([
      'postgresql://db/bank/audit',
      'http://fx/rates',
      accounts,
    ]);
    expect((await list({ order: 'actions' }))[0]).toEqual({
      target: accounts,
      systems: ['postgresql'],
      actions: 3,
      errors: 0,
      firstSeen: '2026-03-01T03:10:00.000000000Z',
      lastSeen: '2026-03-02T05:00:00.000000000Z',
    });
    expect((await list({ prefix: 'postgresql://db/bank/a' })).length).toBe(2);
    expect((await list({ text: 'AUDIT' })).length).toBe(1);
    expect((await list({ system: 'http' })).length).toBe(1);
    for (const order of ['last_seen', 'actions', 'target'] as const) {
      const all = await list({ order });
      const first = await readers.targets.list({ order, limit: 2 });
      const second = await readers.targets.list({ order, limit: 2, after: first.next! });
      expect([...first.targets, ...second.targets]).toEqual(all);
      expect(second.next).toBeUndefined();
    }
  });

  test('who touched one, newest first, whatever arrives in between', async () => {
    const history = (more: object = {}, filter: object = {}) =>
      readers.targets.history({ target: accounts, filter, limit: 10, ...more });
    const ids = async (filter: object) =>
      (await history({}, filter)).records.map(({ action }) => action.spanId);
    expect(await ids({})).toEqual([S(4), S(2), S(1)]);
    expect(await ids({ principal: nightly.principal.id })).toEqual([S(2), S(1)]);
    expect(await ids({ assurance: 'none' })).toEqual([S(4)]);
    expect(await ids({ status: 'error' })).toEqual([]);
    expect(
      (await readers.targets.history({ target: accounts.slice(0, -1), filter: {}, limit: 5 })).records,
    ).toEqual([]);
    const first = await history({ limit: 1 });
    await insert(store, 'otel_traces', [span(TRACE, S(30), { ...SQL, ...at('02 10:00:00') })]);
    const second = await history({ limit: 5, after: first.next });
    expect(second.records.map(({ action }) => action.spanId)).toEqual([S(2), S(1)]);
  });
});
