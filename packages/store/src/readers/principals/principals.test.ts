import { newRunId } from '@whence/model';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../open.ts';
import { type Readers, readersOf } from '../open-readers.ts';
import { doneIn, doneInUnknown, hexId, insert, run, runRow, span, TRACE } from '../records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import type { OwnershipFilter, PrincipalFilter, PrincipalOrder } from './principal-reader.ts';

let temporary: TemporaryStore;
let store: Store;
let readers: Readers;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
  readers = readersOf(store, 'default');
});

afterAll(() => temporary?.remove());

beforeEach(() => temporary.clear());

const S = (of: number): string => hexId(16, of);
const at = (time: string): string => `2026-03-01 ${time}`;
const seen = (time: string): string => `2026-03-01T${time}.000000000Z`;

const ACCOUNTS = {
  System: 'postgresql',
  Operation: 'UPDATE',
  Target: 'postgresql://db/bank/accounts',
};

const nightly = run({ endedAt: '2026-03-01T03:20:00.000Z', outcome: 'failure' });
const ci = run({
  principal: { id: 'github://demo/app/ci', kind: 'ci_runner' },
  job: 'deploy',
  startedAt: '2026-03-01T02:00:00.000Z',
});

const list = async (filter: PrincipalFilter = {}, order: PrincipalOrder = 'last_seen') =>
  (await readers.principals.list({ filter, order, limit: 100 })).principals.map(({ id }) => id);

describe('the inventory', () => {
  test('who acted, as it is known by now, and who only had a run', async () => {
    await insert(store, 'runs', [runRow(nightly), runRow({ ...nightly, endedAt: undefined as never })]);
    await insert(store, 'otel_traces', [
      span(TRACE, S(1), { ...doneIn(nightly), ...ACCOUNTS, Timestamp: at('03:14:01') }),
      span(TRACE, S(2), {
        ...doneIn(nightly),
        ServiceName: 'fx',
        StatusCode: 'Error',
        Timestamp: at('03:14:02'),
      }),
      span(TRACE, S(3), { ...doneInUnknown(ci.id), Timestamp: at('03:14:03') }),
      span(TRACE, S(4), { ...doneInUnknown(nightly.id, 'refuted'), Timestamp: at('03:14:04') }),
      span(TRACE, S(5), { TenantId: 'other', ...doneIn(ci) }),
      span(TRACE, S(6)),
    ]);
    expect(await list()).toEqual([nightly.principal.id]);
    const desk = run({
      principal: { id: 'agent://demo/desk', kind: 'agent' },
      startedAt: '2026-03-01T01:00:00.000Z',
    });
    await insert(store, 'runs', [runRow(ci), runRow(desk)]);

    const { principals } = await readers.principals.list({ filter: {}, order: 'last_seen', limit: 100 });
    expect(principals).toEqual([
      expect.objectContaining({
        ...ci.principal,
        actions: 1,
        firstSeen: seen('02:00:00'),
        lastSeen: seen('03:14:03'),
        jobs: { items: ['deploy'], total: 1 },
        services: { items: ['billing'], total: 1 },
        assurances: { verified: 1 },
      }),
      {
        ...nightly.principal,
        actions: 2,
        errors: 1,
        firstSeen: seen('03:14:00'),
        lastSeen: seen('03:14:02'),
        runs: 1,
        assurances: { verified: 2 },
        jobs: { items: ['nightly-reconcile'], total: 1 },
        services: { items: ['billing', 'fx'], total: 2 },
        targets: 1,
      },
      expect.objectContaining({ ...desk.principal, actions: 0, runs: 1, assurances: {}, targets: 0 }),
    ]);
    expect(await readers.principals.byId(ci.principal.id)).toEqual(
      principals.find(({ id }) => id === ci.principal.id),
    );
    expect(await readers.principals.byId('user:nobody')).toBeUndefined();
    expect(await readersOf(store, 'other').principals.byId(nightly.principal.id)).toBeUndefined();
  });

  test('a claimed record gives a checked reference no name', async () => {
    const claimed = run({ principal: { id: 'user:mallory', kind: 'human' }, assurance: 'asserted' });
    await insert(store, 'runs', [runRow(claimed)]);
    await insert(store, 'otel_traces', [
      span(TRACE, S(1), { ...doneInUnknown(claimed.id), ...ACCOUNTS }),
      span(TRACE, S(2), { ...doneInUnknown(claimed.id, 'asserted'), ...ACCOUNTS }),
    ]);
    expect(await readers.principals.byId('user:mallory')).toMatchObject({
      actions: 1,
      assurances: { asserted: 1 },
      targets: 1,
    });
    // The issuer's own record, once it comes, takes the claim's place.
    await insert(store, 'runs', [runRow({ ...nightly, id: claimed.id, rootId: claimed.id })]);
    expect(await readers.principals.byId('user:mallory')).toMatchObject({ actions: 0, targets: 0 });
    expect(await readers.principals.byId(nightly.principal.id)).toMatchObject({ actions: 2 });
  });

  test('narrowed by each field, ordered by each order, page by page', async () => {
    const ids = Array.from(
      { length: 25 },
      (_, index) => `user:u${String(index).padStart(2, '0')}@example.com`,
    );
    await insert(
      store,
      'otel_traces',
      ids.flatMap((id, index) =>
        Array.from({ length: (index % 3) + 1 }, (_, time) =>
          span(TRACE, S(index * 10 + time), {
            ...doneIn(run({ principal: { id, kind: index % 2 === 0 ? 'human' : 'agent' } })),
            Timestamp: at(`00:${String(index).padStart(2, '0')}:0${time}`),
          }),
        ),
      ),
    );
    const nanos = (minute: number): bigint => BigInt(Date.UTC(2026, 2, 1, 0, minute)) * 1_000_000n;
    expect(await list({ kind: 'agent' })).toHaveLength(12);
    expect(await list({ text: 'U0' })).toHaveLength(10);
    expect(await list({ text: '%' })).toEqual([]);
    expect(await list({ unseenSinceNanos: nanos(3) })).toEqual(ids.slice(0, 3).reverse());
    expect(await list({ firstSeenFromNanos: nanos(23) })).toEqual([ids[24], ids[23]]);
    expect(await list({ firstSeenToNanos: nanos(2) })).toEqual([ids[1], ids[0]]);
    expect(await list({}, 'id')).toEqual(ids);
    expect((await list({}, 'actions')).slice(0, 9)).toEqual(
      ids.filter((_, index) => index % 3 === 2).concat(ids[1]!),
    );
    for (const order of ['last_seen', 'first_seen', 'actions', 'id'] as const) {
      const all = await list({}, order);
      const paged: string[] = [];
      for (let after: { value: bigint; id: string } | undefined, more = true; more; ) {
        const page = await readers.principals.list({ filter: {}, order, limit: 4, ...(after && { after }) });
        paged.push(...page.principals.map(({ id }) => id));
        after = page.next;
        more = after !== undefined;
      }
      expect([order, paged]).toEqual([order, all]);
    }
  });

  test('more names than are shown are counted', async () => {
    await insert(
      store,
      'runs',
      Array.from({ length: 30 }, (_, index) => runRow(run({ job: `job ${index}` }))),
    );
    const found = await readers.principals.byId(nightly.principal.id);
    expect([found?.jobs.items.length, found?.jobs.total]).toEqual([20, 30]);
  });
});

describe('owners', () => {
  const ids = ['k8s://prod/pay/a', 'k8s://prod/pay_ments/b', 'user:ada@example.com', 'agent://x/50%'];

  beforeEach(() =>
    insert(
      store,
      'runs',
      ids.map((id) => runRow(run({ principal: { id, kind: 'workload' } }))),
    ),
  );

  const owned = (filter: OwnershipFilter) => list({ ownership: filter }, 'id');

  test('patterns mean what they say, the first that fits counts, and what was declared counts before them', async () => {
    const patterns = ['k8s://prod/pay_*', 'k8s://prod/*', 'agent://x/50%', '*a@example.com'];
    expect(await owned({ patterns, places: [1], declared: false })).toEqual(['k8s://prod/pay_ments/b']);
    expect(await owned({ patterns, places: [2], declared: false })).toEqual(['k8s://prod/pay/a']);
    expect(await owned({ patterns, places: [3, 4], declared: false })).toEqual([
      'agent://x/50%',
      'user:ada@example.com',
    ]);
    expect(await owned({ patterns: [], places: [0], declared: false })).toEqual([...ids].sort());

    await readers.owners.declare(ids[0]!, { owner: 'user:dana@example.com', by: 'user:root' });
    await readers.owners.declare(ids[0]!, { team: 'payments', by: 'user:root' });
    await readers.owners.declare(ids[1]!, { owner: 'user:dana@example.com', by: 'user:root' });
    expect(await owned({ patterns, places: [2], declared: false })).toEqual([]);
    expect(await owned({ patterns, places: [], declared: true, team: 'payments' })).toEqual([ids[0]]);
    const owner = { id: 'user:dana@example.com', teams: ['payments'] };
    expect(await owned({ patterns, places: [], declared: true, owner })).toEqual([ids[0], ids[1]]);
    expect(await owned({ patterns, places: [], declared: true, owner, team: 'payments' })).toEqual([ids[0]]);
    expect(await owned({ patterns: [], places: [0], declared: false })).toEqual([ids[3], ids[2]]);
    expect(await readersOf(store, 'other').owners.of(ids)).toEqual(new Map());

    await readers.owners.withdraw(ids[0]!, 'user:root');
    expect(await owned({ patterns, places: [2], declared: false })).toEqual([ids[0]]);
    expect([...(await readers.owners.of(ids)).entries()]).toEqual([
      [ids[1], { owner: 'user:dana@example.com', by: 'user:root', at: expect.any(String) }],
    ]);
  });
});

describe('one principal', () => {
  beforeEach(async () => {
    const again = run({
      startedAt: '2026-03-01T04:00:00.000Z',
      authority: { kind: 'human', id: 'user:dana' },
    });
    await insert(store, 'runs', [
      runRow({ ...nightly, endedAt: undefined as never }),
      runRow(nightly),
      runRow(again),
      runRow(ci),
    ]);
    await insert(store, 'otel_traces', [
      span(TRACE, S(1), { ...doneIn(nightly), ...ACCOUNTS, Timestamp: at('03:14:01'), Actor: 'spiffe://a' }),
      span(TRACE, S(2), { ...doneIn(nightly), ...ACCOUNTS, Timestamp: at('03:15:00'), Actor: 'spiffe://a' }),
      span(TRACE, S(3), {
        ...doneInUnknown(again.id),
        System: 'postgresql',
        Operation: 'SELECT',
        Target: 'postgresql://db/bank/audit',
        Timestamp: at('02:14:03'),
      }),
    ]);
  });

  test('in full', async () => {
    const profile = await readers.principals.profile(nightly.principal.id, 10);
    expect(profile.actors.items.map(({ actor, actions }) => [actor, actions])).toEqual([
      ['spiffe://a', 2],
      [undefined, 1],
    ]);
    expect(profile.authorities).toEqual({
      total: 2,
      items: [
        {
          authority: { kind: 'policy', id: 'policy:nightly-jobs@3' },
          runs: 1,
          firstStartedAt: nightly.startedAt,
          lastStartedAt: nightly.startedAt,
        },
        expect.objectContaining({ authority: { kind: 'human', id: 'user:dana' } }),
      ],
    });
    expect(profile.jobs.items).toEqual([
      {
        job: 'nightly-reconcile',
        runs: 2,
        ended: 1,
        failed: 1,
        firstStartedAt: nightly.startedAt,
        lastStartedAt: expect.any(String),
        lastRunId: expect.any(String),
        lastOutcome: 'failure',
        lastEndedAt: expect.any(String),
      },
    ]);
    expect(profile.operations.items.map(({ operation }) => operation)).toEqual(['UPDATE', 'SELECT']);
    expect(profile.targets).toMatchObject({ total: 2, items: [{ target: ACCOUNTS.Target, actions: 2 }, {}] });
    const cut = await readers.principals.profile(nightly.principal.id, 1);
    expect([cut.targets.items.length, cut.targets.total]).toEqual([1, 2]);
  });

  test('its footprint, page by page', async () => {
    const whole = await readers.principals.footprint(nightly.principal.id, { limit: 10 });
    expect(whole.footprints.map(({ operation, target }) => [operation, target])).toEqual([
      ['UPDATE', ACCOUNTS.Target],
      ['SELECT', 'postgresql://db/bank/audit'],
    ]);
    const first = await readers.principals.footprint(nightly.principal.id, { limit: 1 });
    const second = await readers.principals.footprint(nightly.principal.id, { limit: 1, after: first.next! });
    expect([...first.footprints, ...second.footprints]).toEqual(whole.footprints);
    expect(second.next).toBeUndefined();
  });

  test('what it did by the hour and by the day', async () => {
    const seconds = (hour: number): number => Date.UTC(2026, 2, 1, hour) / 1000;
    const activity = (every: 'hour' | 'day', from: number, to: number) =>
      readers.principals.activity(nightly.principal.id, {
        every,
        fromSeconds: seconds(from),
        toSeconds: seconds(to),
      });
    expect(await activity('hour', 0, 24)).toEqual([
      { at: '2026-03-01T02:00:00Z', actions: 1, errors: 0, runs: 1 },
      { at: '2026-03-01T03:00:00Z', actions: 2, errors: 0, runs: 1 },
    ]);
    expect(await activity('day', 0, 24)).toEqual([
      { at: '2026-03-01T00:00:00Z', actions: 3, errors: 0, runs: 2 },
    ]);
    expect(await activity('hour', 3, 4)).toHaveLength(1);
    expect(await activity('hour', 4, 5)).toEqual([]);
  });
});

test('what comes from outside is never part of a statement', async () => {
  await insert(store, 'runs', [runRow(nightly)]);
  for (const evil of [
    "' OR 1=1 --",
    "\\' OR 1=1 --",
    '{tenant:String}',
    '\\',
    '%',
    "x') UNION ALL SELECT 1 --",
    '\t\n',
  ]) {
    expect(await list({ text: evil })).toEqual([]);
    expect(await readers.principals.byId(evil)).toBeUndefined();
    expect((await readers.principals.profile(evil, 5)).jobs).toEqual({ items: [], total: 0 });
    const ownership = {
      patterns: [evil],
      places: [1],
      declared: true,
      owner: { id: evil, teams: [evil] },
      team: evil,
    };
    expect(await list({ ownership })).toEqual([]);
    await readers.owners.declare(evil, { team: evil, by: evil });
    expect((await readers.owners.of([evil])).get(evil)).toMatchObject({ team: evil, by: evil });
    expect(
      (await readers.targets.list({ prefix: evil, text: evil, order: 'target', limit: 5 })).targets,
    ).toEqual([]);
    expect((await readers.targets.history({ target: evil, filter: {}, limit: 5 })).records).toEqual([]);
    const hours = { fromSeconds: 0, toSeconds: 3600 };
    const filter = { principal: evil, service: evil, system: evil };
    expect(
      (await readers.coverage.read({ by: ['principal'], filter, limit: 5, ...hours })).totals.actions,
    ).toBe(0);
    const reach = await readers.reach.ofPrincipal({ principal: evil, limit: 5, runs: 10 });
    expect(reach.ownRuns.total).toBe(0);
  }
  expect(await readers.principals.footprint(newRunId(), { limit: 5 })).toEqual({ footprints: [] });
});
