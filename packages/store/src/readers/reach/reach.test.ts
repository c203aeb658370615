import { newRunId, type Run } from '@whence/model';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../open.ts';
import { type Readers, readersOf } from '../open-readers.ts';
import { doneIn, doneInUnknown, hexId, insert, run, runRow, span, TRACE } from '../records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';

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

const below = (parent: Run, more: Partial<Run> = {}): Run =>
  run({
    rootId: parent.rootId,
    parentId: parent.id,
    path: [...parent.path, parent.id],
    trigger: 'parent',
    ...more,
  });

const agent = { id: 'agent://demo/triage', kind: 'agent' } as const;
const dana = { id: 'user:dana@example.com', kind: 'human' } as const;

/** A nightly job starts an agent, which hands over to a person, who starts the nightly job's principal again. */
const nightly = run();
const triage = below(nightly, { principal: agent });
const approval = below(triage, { principal: dana });
const again = below(approval);
const idle = below(nightly, { principal: agent });
const elsewhere = run({ principal: agent, startedAt: '2026-03-01T05:00:00.000Z' });

const ACCOUNTS = { System: 'postgresql', Operation: 'UPDATE', Target: 'postgresql://db/bank/accounts' };

const spans = [
  span(TRACE, S(1), { ...doneIn(nightly), ...ACCOUNTS }),
  span(TRACE, S(2), { ...doneIn(triage), ServiceName: 'desk' }),
  // Received before its run's record: neither root nor path nor principal.
  span(TRACE, S(3), { ...doneInUnknown(approval.id), ...ACCOUNTS, StatusCode: 'Error' }),
  span(TRACE, S(4), { ...doneIn(again), ...ACCOUNTS, Target: 'postgresql://db/bank/audit' }),
  span(TRACE, S(5), { ...doneIn(elsewhere), ServiceName: 'far' }),
  span(TRACE, S(6), { ...doneIn(nightly), Assurance: 'refuted' }),
  span(TRACE, S(7), { ...doneIn(nightly), System: 'whence', Operation: 'open' }),
  span(TRACE, S(8), { ...doneIn(nightly), Assurance: 'asserted' }),
];

beforeEach(async () => {
  await insert(store, 'runs', [
    ...[nightly, triage, approval, again, idle].map((each) => runRow(each)),
    runRow(elsewhere, { ReceivedAt: '2026-03-01 05:00:00.100' }),
  ]);
  await insert(store, 'otel_traces', spans);
  await insert(store, 'otel_traces', spans.slice(0, 1));
});

describe('the reach of a run', () => {
  test('everything below it, whoever it runs as, by branch', async () => {
    const reach = await readers.reach.ofRun(nightly, 10);
    expect(reach.totals).toEqual({
      actions: 5,
      errors: 1,
      runs: 5,
      assurances: { verified: 4, asserted: 1 },
      firstSeen: '2025-10-09T08:53:20.000000001Z',
      lastSeen: '2025-10-09T08:53:20.000000008Z',
    });
    expect(reach.branches.items.map(({ runId, actions, runs }) => [runId, actions, runs])).toEqual([
      [triage.id, 3, 3],
      [nightly.id, 2, 1],
      [idle.id, 0, 1],
    ]);
    expect(reach.principals.items.map(({ id, kind, actions, runs }) => [id, kind, actions, runs])).toEqual([
      [nightly.principal.id, 'scheduler', 3, 2],
      [agent.id, 'agent', 1, 2],
      [dana.id, 'human', 1, 1],
    ]);
    expect(
      reach.targets.items.map(({ target, system, actions, errors }) => [target, system, actions, errors]),
    ).toEqual([
      [ACCOUNTS.Target, 'postgresql', 2, 1],
      ['postgresql://db/bank/audit', 'postgresql', 1, 0],
    ]);
    expect(reach.operations.items).toMatchObject([{ system: 'postgresql', operation: 'UPDATE', actions: 3 }]);
    expect(reach.services.items.map(({ service }) => service)).toEqual(['billing', 'desk']);
  });

  test('from further down, only what is below', async () => {
    const reach = await readers.reach.ofRun(triage, 10);
    expect([reach.totals.actions, reach.totals.runs]).toEqual([3, 3]);
    expect(reach.branches.items.map(({ runId }) => runId)).toEqual([approval.id, triage.id]);
  });

  test('what is left out of a list is counted', async () => {
    const { principals, branches, totals } = await readers.reach.ofRun(nightly, 1);
    expect([principals.items.length, principals.total, branches.items.length, branches.total]).toEqual([
      1, 3, 1, 3,
    ]);
    expect(totals.actions).toBe(5);
  });
});

describe('the reach of a principal', () => {
  test('what its runs did and brought about; a run below another one of its own is in that branch', async () => {
    const reach = await readers.reach.ofPrincipal({ principal: nightly.principal.id, limit: 10, runs: 100 });
    expect(reach.ownRuns).toEqual({ total: 2, considered: 2, earliest: '2026-03-01T03:14:00.000Z' });
    expect(reach.totals).toMatchObject({ actions: 5, runs: 5 });
    expect(reach.branches.items.map(({ runId, actions }) => [runId, actions])).toEqual([[nightly.id, 5]]);

    const ofAgent = await readers.reach.ofPrincipal({ principal: agent.id, limit: 10, runs: 100 });
    expect(ofAgent.totals).toMatchObject({ actions: 4, runs: 5 });
    expect(ofAgent.branches.items.map(({ runId, actions, runs }) => [runId, actions, runs])).toEqual([
      [triage.id, 3, 3],
      [elsewhere.id, 1, 1],
      [idle.id, 0, 1],
    ]);
  });

  test('in a range of starts, and of no more runs than are asked for: the others are counted', async () => {
    const ask = (more: object) =>
      readers.reach.ofPrincipal({ principal: agent.id, limit: 10, runs: 100, ...more });
    const five = Date.parse('2026-03-01T05:00:00Z');
    expect((await ask({ toMillis: five })).branches.items.map(({ runId }) => runId)).toEqual([
      triage.id,
      idle.id,
    ]);
    expect((await ask({ fromMillis: five })).branches.items.map(({ runId }) => runId)).toEqual([
      elsewhere.id,
    ]);
    const one = await ask({ runs: 1 });
    expect([one.ownRuns.total, one.ownRuns.considered]).toEqual([3, 1]);
    expect(one.totals.runs).toBe(1);
  });

  test('a claim to somebody else’s run is not a way to be blamed for it, or to hide it', async () => {
    const mallory = { id: 'user:mallory', kind: 'human' } as const;
    await insert(store, 'runs', [
      runRow({ ...nightly, principal: mallory, assurance: 'asserted' }),
      runRow(run({ principal: mallory, assurance: 'asserted' })),
    ]);
    const reach = await readers.reach.ofPrincipal({ principal: mallory.id, limit: 10, runs: 100 });
    expect(reach.ownRuns.total).toBe(1);
    expect(reach.totals).toMatchObject({ actions: 0, runs: 1 });
    expect((await readers.reach.ofRun(nightly, 10)).principals.items[0]?.id).toBe(nightly.principal.id);
  });
});

test('nothing of another tenant, and nothing of what is not there', async () => {
  const other = readersOf(store, 'other');
  expect((await other.reach.ofRun(nightly, 5)).totals).toEqual({
    actions: 0,
    errors: 0,
    runs: 0,
    assurances: {},
  });
  const nobody = { principal: 'user:nobody', limit: 5, runs: 5 };
  expect((await readers.reach.ofPrincipal(nobody)).ownRuns).toEqual({ total: 0, considered: 0 });
  const id = newRunId();
  expect((await readers.reach.ofRun({ id, rootId: id }, 5)).totals.actions).toBe(0);
});
