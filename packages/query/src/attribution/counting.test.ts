import { newRunId, type Run } from '@whence/model';
import { type Readers, readersOf, type Store } from '@whence/store';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  below,
  type GraphSpan,
  insertGraph,
  newRun,
  opening,
  span,
  timeAt,
  under,
} from '../lineage/graph.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import { InheritedCounter } from './inherited-counter.ts';
import { ResolverTurns } from './resolver.ts';

/** What is attributed, as inventory, coverage and reach tell it. Each test has a tenant of its own. */
let temporary: TemporaryStore;
let store: Store;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
});

afterAll(() => temporary?.remove());

const logger = pino({ level: 'silent' });
const HOUR = 3_600_000;

const settled = async (): Promise<void> => {
  const resolver = new ResolverTurns({ store, logger, intervalMillis: 1000 });
  while (await resolver.turn());
  const counter = new InheritedCounter({ store, logger });
  while (await counter.turn());
};

const seconds = (text: string): number => Date.parse(text) / 1000;
const DAY = { fromSeconds: seconds('2026-03-01T00:00:00Z'), toSeconds: seconds('2026-03-02T00:00:00Z') };

const UPDATE = {
  System: 'postgresql',
  Operation: 'UPDATE',
  Target: 'postgresql://db:5432/bank/invoices',
  StatusCode: 'Error',
};

/** A job calls a service whose mesh drops `tracestate`. */
class Scene {
  readonly tenant = `tenant-${newRunId()}`;
  readonly readers: Readers = readersOf(store, this.tenant);
  readonly run: Run = newRun({ tenant: this.tenant });
  readonly job = this.span({ ...opening(this.run), Timestamp: timeAt(0) });
  readonly id = this.run.principal.id;

  span(more: Readonly<Record<string, unknown>>): GraphSpan {
    return span({
      ReceivedAt: timeAt(3 * HOUR),
      Actor: 'spiffe://demo/billing',
      ...more,
      TenantId: this.tenant,
    });
  }

  insert(spans: readonly GraphSpan[], runs: readonly Run[] = []): Promise<void> {
    return insertGraph(store, { spans, runs });
  }

  async assurances(principal?: string): Promise<readonly number[]> {
    const { totals } = await this.readers.coverage.read({
      by: [],
      filter: principal === undefined ? {} : { principal },
      limit: 10,
      ...DAY,
    });
    const { none, inherited, verified } = totals.assurances;
    return [none, inherited, verified];
  }

  contradicted(of: GraphSpan): GraphSpan {
    return { ...of, row: { ...of.row, BatchId: newRunId(), StatusMessage: 'not so' } };
  }
}

describe('what is inherited', () => {
  test('is counted under whom it is attributed to, everywhere, and no longer under nobody', async () => {
    const scene = new Scene();
    const { readers, id, run } = scene;
    const update = scene.span({ ...under(scene.job), Timestamp: timeAt(1), ...UPDATE });
    const later = scene.span({
      ...under(scene.job),
      Timestamp: timeAt(2 * HOUR),
      ServiceName: 'charges',
      Witness: 'gateway',
    });
    const nobodys = scene.span({ Timestamp: timeAt(2), System: 'postgresql' });
    await scene.insert([scene.job, update, later, nobodys], [run]);
    expect(await scene.assurances()).toEqual([3, 0, 1]);
    expect(await scene.assurances(id)).toEqual([0, 0, 1]);

    await settled();
    expect(await scene.assurances()).toEqual([1, 2, 1]);
    expect(await scene.assurances(id)).toEqual([0, 2, 1]);
    const coverage = await readers.coverage.read({
      by: ['principal', 'service', 'system'],
      every: 'hour',
      filter: {},
      limit: 10,
      ...DAY,
    });
    expect(
      coverage.groups.map(({ principal, service, system, actions, witnesses }) => [
        ...[principal, service, system],
        ...[actions, witnesses.gateway],
      ]),
    ).toEqual([
      [undefined, 'billing', 'postgresql', 1, 0],
      [id, 'billing', undefined, 1, 0],
      [id, 'billing', 'postgresql', 1, 0],
      [id, 'charges', undefined, 1, 1],
    ]);
    expect(coverage.steps.map(({ at, actions, assurances }) => [at, actions, assurances.inherited])).toEqual([
      ['2026-03-01T03:00:00Z', 3, 1],
      ['2026-03-01T05:00:00Z', 1, 1],
    ]);

    const summary = await readers.principals.byId(id);
    expect(summary).toMatchObject({
      actions: 3,
      errors: 1,
      assurances: { verified: 1, inherited: 2 },
      services: { items: ['billing', 'charges'], total: 2 },
      targets: 1,
      firstSeen: '2026-03-01T03:14:07.000000000Z',
      lastSeen: '2026-03-01T05:14:07.000000000Z',
    });
    const list = await readers.principals.list({ filter: {}, order: 'last_seen', limit: 10 });
    expect(list.principals).toEqual([summary]);
    const profile = await readers.principals.profile(id, 10);
    expect(profile).toMatchObject({
      actors: { items: [{ actor: 'spiffe://demo/billing', actions: 3 }] },
      operations: { items: [{ system: 'postgresql', operation: 'UPDATE', actions: 1, errors: 1 }] },
      targets: { items: [{ target: UPDATE.Target, actions: 1 }], total: 1 },
    });
    const { footprints } = await readers.principals.footprint(id, { limit: 10 });
    expect(footprints).toMatchObject([{ operation: 'UPDATE', target: UPDATE.Target, actions: 1 }]);
    expect(await readers.principals.activity(id, { every: 'hour', ...DAY })).toEqual([
      { at: '2026-03-01T03:00:00Z', actions: 2, errors: 1, runs: 1 },
      { at: '2026-03-01T05:00:00Z', actions: 1, errors: 0, runs: 1 },
    ]);

    const history = { target: UPDATE.Target, limit: 10 };
    for (const filter of [{}, { principal: id }]) {
      const { records } = await readers.targets.history({ ...history, filter });
      expect(records.map(({ action }) => [action.principal?.id, action.assurance])).toEqual([
        [id, 'inherited'],
      ]);
    }
    const other = readersOf(store, `${scene.tenant} other`);
    expect((await other.principals.list({ filter: {}, order: 'id', limit: 10 })).principals).toEqual([]);
  });

  test('is part of the reach of the run, of those above it, and of the principal', async () => {
    const scene = new Scene();
    const report = below(scene.run, {
      tenant: scene.tenant,
      principal: { id: 'k8s://demo/jobs/report', kind: 'workload' },
    });
    const part = scene.span({ ...opening(report), Timestamp: timeAt(2) });
    const late = newRun({ tenant: scene.tenant, startedAt: timeAt(10) });
    const early = scene.span({ RunId: late.id, Assurance: 'verified', Timestamp: timeAt(11) });
    const [update, ofEarly] = [part, early].map((top) =>
      scene.span({ ...under(top), Timestamp: timeAt(12), ...UPDATE }),
    );
    await scene.insert([scene.job, part, early, update!, ofEarly!], [scene.run, report]);
    await settled();
    const reachOf = async ({ id, rootId }: Run) => {
      const { totals, targets } = await scene.readers.reach.ofRun({ id, rootId }, 10);
      return [totals.actions, totals.assurances.inherited ?? 0, targets.items[0]?.actions ?? 0];
    };
    expect(await reachOf(scene.run)).toEqual([3, 1, 1]);
    expect(await reachOf(report)).toEqual([2, 1, 1]);
    const asked = { principal: scene.id, limit: 10, runs: 10 };
    expect((await scene.readers.reach.ofPrincipal(asked)).totals.actions).toBe(3);

    // Attributed before its run's record came: nothing has been worked out anew since.
    await scene.insert([], [late]);
    expect(await reachOf(late)).toEqual([2, 1, 1]);
    const { totals, branches } = await scene.readers.reach.ofPrincipal(asked);
    expect([totals.actions, totals.runs, branches.total]).toEqual([5, 3, 2]);

    await scene.insert([scene.contradicted(update!)]);
    await settled();
    expect(await reachOf(report)).toEqual([1, 0, 0]);
  });

  test('and then withdrawn counts no more', async () => {
    const scene = new Scene();
    const update = scene.span({ ...under(scene.job), Timestamp: timeAt(1), ...UPDATE });
    const other = scene.span({ ...under(scene.job), Timestamp: timeAt(40 * 24 * HOUR * -1) });
    await scene.insert([scene.job, update, other], [scene.run]);
    await settled();
    expect(await scene.assurances(scene.id)).toEqual([0, 1, 1]);

    await scene.insert([scene.contradicted(update)]);
    await settled();
    expect(await scene.assurances()).toEqual([2, 0, 1]);
    expect(await scene.assurances(scene.id)).toEqual([0, 0, 1]);
    expect(await scene.readers.principals.byId(scene.id)).toMatchObject({
      actions: 2,
      targets: 0,
      firstSeen: '2026-01-20T03:14:07.000000000Z',
    });
    expect((await scene.readers.principals.footprint(scene.id, { limit: 10 })).footprints).toEqual([]);
  });

  test('is named once the record of its run has come', async () => {
    const scene = new Scene();
    const run = newRun({ tenant: scene.tenant });
    const top = scene.span({ RunId: run.id, Assurance: 'verified', Timestamp: timeAt(0) });
    await scene.insert([top, scene.span({ ...under(top), Timestamp: timeAt(1) })]);
    await settled();
    expect(await scene.readers.principals.byId(run.principal.id)).toBeUndefined();
    await scene.insert([], [run]);
    await settled();
    expect(await scene.assurances(run.principal.id)).toEqual([0, 1, 1]);
    expect(await scene.assurances()).toEqual([0, 1, 1]);
  });

  test('is of the hour of its receipt where it claims a later one', async () => {
    const scene = new Scene();
    await scene.insert(
      [scene.job, scene.span({ ...under(scene.job), Timestamp: '2199-01-01T00:00:00Z' })],
      [scene.run],
    );
    await settled();
    expect(await scene.assurances()).toEqual([0, 1, 1]);
    expect((await scene.readers.principals.byId(scene.id))?.lastSeen).toBe('2026-03-01T06:14:07.000000000Z');
  });
});

describe('counting', () => {
  test('again changes nothing, nor does a count that began earlier and came later', async () => {
    const scene = new Scene();
    const children = Array.from({ length: 5 }, (_, hour) =>
      scene.span({ ...under(scene.job), Timestamp: timeAt(hour * (HOUR / 2)), ...UPDATE }),
    );
    await scene.insert([scene.job, ...children], [scene.run]);
    await settled();
    const told = async () => [
      await scene.assurances(scene.id),
      await scene.readers.principals.byId(scene.id),
      await scene.readers.principals.profile(scene.id, 10),
    ];
    const first = await told();
    expect(first[0]).toEqual([0, 5, 1]);
    for (const table of ['inherited_hourly', 'inherited_footprints', 'inherited_monthly']) {
      await store.client.command({
        query: `INSERT INTO ${table} SELECT * REPLACE (Actions + 7 AS Actions, Pass - 1 AS Pass) FROM ${table}`,
      });
    }
    expect(await told()).toEqual(first);
    await store.client.command({
      query: `DELETE FROM attribution_progress WHERE TableName = 'attributions'`,
    });
    await Promise.all([settled(), settled()]);
    expect(await told()).toEqual(first);
    for (const table of ['inherited_hourly', 'inherited_footprints', 'inherited_monthly']) {
      await store.client.command({ query: `OPTIMIZE TABLE ${table} FINAL` });
    }
    expect(await told()).toEqual(first);
  });
});
