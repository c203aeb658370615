import { newRunId } from '@whence/model';
import { readersOf, type Store } from '@whence/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { under } from '../lineage/graph.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import { DAY, HOUR, MINUTE } from './rule.ts';
import { at, scenarioOf } from './scenario.fixture.ts';

let temporary: TemporaryStore;
let store: Store;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
});

afterAll(() => temporary?.remove());

const NOW = at('2026-03-15T12:30:00.000Z');
const NIGHTLY = 'k8s://demo/jobs/nightly';

describe('refuted_reference', () => {
  test('forged references of one sender are one finding a day; checked ones are none', async () => {
    const { run, did, insert, pass, found } = scenarioOf(store, 'refuted_reference');
    const nightly = run();
    const forged = { Assurance: 'refuted', RunId: nightly.id };
    const first = did(undefined, NOW - 3 * HOUR, forged);
    await insert([first, did(undefined, NOW - MINUTE, forged), did(nightly, NOW - MINUTE)], [nightly]);
    expect((await pass(NOW)).opened).toHaveLength(1);
    expect(await found()).toMatchObject([
      {
        rule: 'refuted_reference',
        severity: 'high',
        state: 'open',
        subject: { kind: 'actor', id: 'spiffe://demo/billing' },
        sentence:
          'spiffe://demo/billing (service billing) sent actions with references that do not hold, on 2026-03-15.',
        count: 2,
        firstSeen: new Date(NOW - 3 * HOUR).toISOString(),
        lastSeen: new Date(NOW - MINUTE).toISOString(),
      },
    ]);
  });
});

describe('unexpected_workload', () => {
  test('a workload that is new to a job shows; its services downstream, and the one that runs it, do not', async () => {
    const { run, did, insert, pass, found } = scenarioOf(store, 'unexpected_workload');
    const before = run({ startedAt: new Date(NOW - 10 * DAY).toISOString() });
    const scheduler = { ServiceName: 'scheduler', Actor: 'spiffe://demo/scheduler' };
    await insert([did(before, NOW - 10 * DAY), did(before, NOW - 10 * DAY, scheduler)], [before]);
    expect((await pass(NOW - 10 * DAY + HOUR)).opened).toEqual([]);

    const now = run({ actor: 'spiffe://demo/new-scheduler' });
    const borrowed = did(now, NOW - MINUTE, { Actor: 'spiffe://evil/shop' });
    await insert(
      [
        did(now, NOW - 2 * MINUTE),
        did(now, NOW - 2 * MINUTE, { ServiceName: 'scheduler', Actor: 'spiffe://demo/new-scheduler' }),
        borrowed,
        did(now, NOW - MINUTE, { ServiceName: 'audit', Actor: '' }),
      ],
      [now],
    );
    expect((await pass(NOW)).opened).toHaveLength(1);
    expect(await found()).toMatchObject([
      {
        severity: 'high',
        subject: { id: 'spiffe://evil/shop' },
        principal: NIGHTLY,
        sentence:
          'spiffe://evil/shop acted in a run of nightly-reconcile as service billing, which was spiffe://demo/billing so far.',
        evidence: { runs: [now.id], actions: [{ traceId: borrowed.traceId, spanId: borrowed.spanId }] },
      },
    ]);
    expect((await pass(NOW + HOUR)).opened).toEqual([]);
  });
});

describe('outside_run', () => {
  test('work before a run and long after its end shows; what ends a little later does not', async () => {
    const { run, did, insert, pass, found } = scenarioOf(store, 'outside_run');
    const over = run({
      startedAt: new Date(NOW - 5 * HOUR).toISOString(),
      endedAt: new Date(NOW - 4 * HOUR).toISOString(),
    });
    const {
      endedAt: _,
      outcome: __,
      ...goingOn
    } = run({ startedAt: new Date(NOW - 5 * HOUR).toISOString() });
    await insert(
      [
        did(over, NOW - 4 * HOUR + 10 * MINUTE),
        did(over, NOW - 2 * HOUR),
        did(over, NOW - HOUR),
        did(goingOn, NOW - HOUR),
        did(goingOn, NOW - 5 * HOUR - 30_000),
        did(goingOn, NOW - 6 * HOUR),
        did(undefined, NOW - HOUR, { SpanAttributes: { 'whence.attribution': 'run_ended' } }),
      ],
      [over, goingOn],
    );
    await pass(NOW);
    expect(
      (await found()).map(({ subject, count, sentence }) => [
        subject.id,
        count,
        / (before|after|ended),? /.exec(sentence)?.[1],
      ]),
    ).toEqual(
      expect.arrayContaining([
        [over.id, 2, 'after'],
        [goingOn.id, 1, 'before'],
        ['billing', 1, 'ended'],
      ]),
    );
    expect(await found()).toHaveLength(3);
  });
});

describe('dark_action', () => {
  test('what no process told of shows, until it does', async () => {
    const { did, insert, pass, found } = scenarioOf(store, 'dark_action');
    const gateway = { Witness: 'gateway', ServiceName: 'gateway', Target: 'postgresql://db/bank/invoices' };
    const told = did(undefined, NOW - HOUR);
    const late = did(undefined, NOW - HOUR);
    await insert([
      told,
      did(undefined, NOW - HOUR, { ...gateway, ...under(told) }),
      did(undefined, NOW - HOUR, { ...gateway, ...under(late) }),
      did(undefined, NOW - MINUTE, gateway),
    ]);
    await pass(NOW);
    expect(await found()).toMatchObject([
      { state: 'open', count: 1, target: 'postgresql://db/bank/invoices' },
    ]);
    await insert([late]);
    const { resolved } = await pass(NOW + 6 * MINUTE);
    expect(resolved).toHaveLength(0);
    // The hour in which it was received is looked at again.
    await pass(NOW + 7 * HOUR);
    expect((await found()).map(({ state, count }) => [state, count])).toEqual([['open', 1]]);
  });

  test('nothing is dark any more once all of it was told', async () => {
    const { did, insert, pass, found } = scenarioOf(store, 'dark_action', 'tenant-dark-late');
    const late = did(undefined, NOW - HOUR);
    await insert([did(undefined, NOW - HOUR, { Witness: 'gateway', ...under(late) })]);
    expect((await pass(NOW)).opened).toHaveLength(1);
    await insert([late]);
    const { resolved } = await pass(NOW + 7 * HOUR);
    expect(resolved).toHaveLength(1);
    expect(await found()).toMatchObject([{ state: 'resolved', count: 0 }]);
  });
});

describe('unattributed_on_guarded_target', () => {
  test('only what the patterns guard, and only without a reference', async () => {
    const { run, did, insert, pass, found } = scenarioOf(store, 'unattributed_on_guarded_target');
    const nightly = run();
    const on = (Target: string) => ({ Target });
    await insert(
      [
        did(undefined, NOW - HOUR, on('postgresql://prod-1/bank/cards')),
        did(undefined, NOW - HOUR, on('postgresql://prod%1/bank/cards')),
        did(undefined, NOW - HOUR, on('postgresql://test/bank/cards')),
        did(nightly, NOW - HOUR, on('postgresql://prod-1/bank/cards')),
      ],
      [nightly],
    );
    expect((await pass(NOW)).opened).toEqual([]);
    const again = scenarioOf(store, 'unattributed_on_guarded_target');
    await again.pass(NOW, { targets: ['postgresql://prod-*', "'; DROP TABLE findings --"] });
    expect(await found()).toMatchObject([
      { target: 'postgresql://prod-1/bank/cards', count: 1, severity: 'high' },
    ]);
  });
});

describe('unattributed_on_guarded_target, where actions are attributed later', () => {
  test('what was attributed since is no longer so', async () => {
    const { tenant, did, insert, pass, found } = scenarioOf(
      store,
      'unattributed_on_guarded_target',
      'attributed',
    );
    const action = did(undefined, NOW - HOUR, { Target: 'postgresql://prod-1/bank/cards' });
    await insert([action]);
    const targets = ['postgresql://prod-*'];
    expect((await pass(NOW, { targets })).opened).toHaveLength(1);
    await store.client.command({
      query: `CREATE TABLE IF NOT EXISTS attributions (TenantId String, TraceId String, SpanId String, KnownAt DateTime64(6, 'UTC'),
        Assurance Enum8('none' = 0, 'asserted' = 1, 'inherited' = 2, 'verified' = 3, 'refuted' = 4))
        ENGINE = MergeTree ORDER BY (TenantId, TraceId, SpanId, KnownAt)`,
    });
    const { traceId: TraceId, spanId: SpanId } = action;
    await store.client.insert({
      table: 'attributions',
      values: [
        { TenantId: tenant, TraceId, SpanId, KnownAt: new Date(NOW).toISOString(), Assurance: 'inherited' },
      ],
      columns: ['TenantId', 'TraceId', 'SpanId', 'KnownAt', 'Assurance'],
      format: 'JSONEachRow',
    });
    expect((await pass(NOW + 7 * HOUR, { targets })).resolved).toHaveLength(1);
    expect(await found()).toMatchObject([{ state: 'resolved', count: 0 }]);
  });
});

describe('recorder_gap', () => {
  const numbered = (instance: string, number: number) => ({
    ServiceName: 'report',
    ResourceAttributes: { 'service.instance.id': instance },
    SpanAttributes: { 'whence.sequence': String(number) },
  });

  test('a number that is missing shows after a while, and no more once it has come', async () => {
    const { did, insert, pass, found } = scenarioOf(store, 'recorder_gap');
    const spans = (...numbers: readonly number[]) =>
      numbers.map((number) => did(undefined, NOW - 3 * HOUR, numbered('holed', number)));
    await insert([
      ...spans(1, 2, 5, 3),
      ...[3, 1, 2].map((number) => did(undefined, NOW - 3 * HOUR, numbered('whole', number))),
      ...[1, 3].map((number) => did(undefined, NOW - MINUTE, numbered('young', number))),
    ]);
    await pass(NOW);
    expect(await found()).toMatchObject([
      {
        subject: { kind: 'service', id: 'report' },
        count: 1,
        evidence: { figures: { instance: 'holed', missing: 1, lastNumber: 5 } },
      },
    ]);
    await insert([
      did(undefined, NOW - 3 * HOUR, { ...numbered('holed', 4), ReceivedAt: new Date(NOW).toISOString() }),
    ]);
    expect((await pass(NOW + 6 * MINUTE)).resolved).toHaveLength(1);
    expect(await found()).toMatchObject([{ state: 'resolved' }]);
  });

  test('what a service says that it lost, and what a collector could not keep', async () => {
    const { did, insert, pass, found } = scenarioOf(store, 'recorder_gap', 'tenant-gaps');
    await insert([
      did(undefined, NOW - HOUR, {
        SpanName: 'spans lost',
        SpanAttributes: { 'whence.spans.lost': '30', 'whence.spans.lost.reason': 'the queue was\nfull' },
      }),
      did(undefined, NOW - HOUR, { SpanName: 'spans lost' }),
    ]);
    const gap = {
      LostTable: 'otel_traces',
      LostBatchId: newRunId(),
      Reason: 'damaged',
      LostRows: 7,
      LostBytes: 100,
      Message: 'of another tenant',
      Collector: 'node-1',
      DetectedAt: new Date(NOW - HOUR).toISOString(),
      BatchId: newRunId(),
      ReceivedAt: new Date(NOW - HOUR).toISOString(),
    };
    await store.client.insert({
      table: 'gaps',
      values: [gap, { ...gap, BatchId: newRunId() }],
      format: 'JSONEachRow',
    });
    await pass(NOW);
    const all = await found();
    expect(all.map(({ sentence, count, severity }) => [sentence, count, severity])).toEqual(
      expect.arrayContaining([
        [
          'spiffe://demo/billing (service billing) says that it lost spans on 2026-03-15: the queue was full.',
          30,
          'medium',
        ],
        [
          'The collector on node-1 could not keep rows for otel_traces that it had taken (damaged), on 2026-03-15.',
          7,
          'high',
        ],
      ]),
    );
    expect(all).toHaveLength(2);
    expect(JSON.stringify(all)).not.toContain('of another tenant');
  });
});

describe('scope_drift', () => {
  test('a new operation shows, the next account and a new principal do not', async () => {
    const { run, did, insert, pass, found } = scenarioOf(store, 'scope_drift');
    const nightly = run();
    const young = run({ principal: { id: 'k8s://demo/jobs/young', kind: 'scheduler' } });
    const on = (Operation: string, Target: string) => ({ System: 'http', Operation, Target });
    await insert([did(nightly, NOW - 10 * DAY, on('GET', 'http://billing:8080/accounts/1'))], [nightly]);
    await insert(
      [
        did(nightly, NOW - HOUR, on('GET', 'http://billing:8080/accounts/4711?x=2')),
        did(nightly, NOW - HOUR, on('GET', 'http://billing:8080/accounts/99')),
        did(nightly, NOW - HOUR, on('DELETE', 'http://billing:8080/accounts/4711')),
        did(young, NOW - HOUR, on('DELETE', 'http://billing:8080/accounts/4711')),
      ],
      [young],
    );
    expect((await pass(NOW)).opened).toHaveLength(1);
    expect(await found()).toMatchObject([
      {
        principal: NIGHTLY,
        sentence: `${NIGHTLY} did DELETE (http) on http://billing:8080/accounts/4711 for the first time since it is known (2026-03-05).`,
        evidence: { figures: { shape: 'http://billing:8080/accounts/{id}' } },
      },
    ]);
    // What is done again is not new, whenever the parts of the table are merged.
    await insert([did(nightly, NOW + 2 * HOUR, on('DELETE', 'http://billing:8080/accounts/5'))]);
    expect((await pass(NOW + 3 * HOUR)).opened).toEqual([]);
  });

  test('a flood is told as a number', async () => {
    const { run, did, insert, pass, found } = scenarioOf(store, 'scope_drift', 'tenant-flood');
    const nightly = run();
    await insert([did(nightly, NOW - 10 * DAY, { System: 'http', Operation: 'GET' })], [nightly]);
    const words = Array.from(
      { length: 40 },
      (_, index) => `verb${String.fromCharCode(97 + (index % 26))}${index}`,
    );
    await insert(
      words.map((Operation, index) => did(nightly, NOW - HOUR + index, { System: 'http', Operation })),
    );
    await pass(NOW, { perDay: 5 });
    const all = await found();
    expect(all).toHaveLength(6);
    expect(all.find(({ evidence }) => evidence.figures['notTold'] !== undefined)).toMatchObject({
      count: 35,
    });
  });
});

describe('spikes', () => {
  const times = <Item>(count: number, make: (index: number) => Item): Item[] =>
    Array.from({ length: count }, (_, index) => make(index));

  test('ten times as much as in the same hour of other days', async () => {
    const { run, did, insert, pass, found } = scenarioOf(store, 'rate_spike');
    const nightly = run();
    const steady = run({ principal: { id: 'k8s://demo/jobs/steady', kind: 'scheduler' } });
    const hour = Math.floor(NOW / HOUR) * HOUR;
    const days = times(10, (day) => hour - (day + 1) * DAY);
    await insert(
      [
        ...days.flatMap((day) => times(6, (index) => did(nightly, day + index * 1000))),
        ...days.flatMap((day) => times(40, (index) => did(steady, day + index * 1000))),
        ...times(60, (index) => did(nightly, hour + index * 1000)),
        ...times(44, (index) => did(steady, hour + index * 1000)),
      ],
      [nightly, steady],
    );
    await pass(NOW, { minimum: 20 });
    expect(await found()).toMatchObject([
      { principal: NIGHTLY, count: 60, evidence: { figures: { actions: 60, usual: 6, days: 9 } } },
    ]);
  });

  test('a far larger share of failures; more work that fails as rarely is none', async () => {
    const { run, did, insert, pass, found } = scenarioOf(store, 'failure_spike');
    const nightly = run();
    const busy = run({ principal: { id: 'k8s://demo/jobs/busy', kind: 'scheduler' } });
    const hour = Math.floor(NOW / HOUR) * HOUR;
    const failing = (every: number) => (index: number) =>
      index % every === 0 ? { StatusCode: 'Error' } : {};
    await insert(
      [
        ...times(100, (index) => did(nightly, hour - DAY + index, failing(20)(index))),
        ...times(100, (index) => did(busy, hour - DAY + index, failing(20)(index))),
        ...times(60, (index) => did(nightly, hour + index, failing(2)(index))),
        ...times(400, (index) => did(busy, hour + index, failing(20)(index))),
      ],
      [nightly, busy],
    );
    await pass(NOW, { baselineActions: 50 });
    expect(await found()).toMatchObject([
      {
        principal: NIGHTLY,
        count: 30,
        evidence: { figures: { failures: 30, actions: 60, failuresBefore: 5 } },
      },
    ]);
  });
});

describe('shared_credential', () => {
  test('a credential of many services, or many principals; one of two services is none', async () => {
    const { run, did, insert, pass, found } = scenarioOf(store, 'shared_credential');
    const runs = ['a', 'b', 'c'].map((name) =>
      run({
        actor: 'spiffe://demo/runner',
        principal: { id: `k8s://demo/jobs/${name}`, kind: 'scheduler' },
        startedAt: new Date(NOW - MINUTE).toISOString(),
      }),
    );
    await insert(
      [
        ...['a', 'b', 'c'].map((ServiceName) => did(undefined, NOW - MINUTE, { ServiceName })),
        ...['a', 'b'].map((ServiceName) =>
          did(undefined, NOW - MINUTE, { ServiceName, Actor: 'spiffe://demo/two' }),
        ),
        ...['a', 'b', 'c'].map((ServiceName) =>
          did(undefined, NOW - MINUTE, { ServiceName, Actor: 'spiffe://demo/gateway', Witness: 'gateway' }),
        ),
      ],
      runs,
    );
    await pass(NOW, { services: 3, principals: 3 });
    expect((await found()).map(({ sentence }) => sentence).toSorted()).toEqual([
      'The credential of spiffe://demo/billing sends for several services: a, b, c.',
      'The credential of spiffe://demo/runner starts runs as many principals: k8s://demo/jobs/a, k8s://demo/jobs/b, k8s://demo/jobs/c.',
    ]);
  });
});

describe('shared_credential, by where it comes from', () => {
  const addresses = (count: number, of: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => of(index));
  const networks = (count: number, first = 0) => addresses(count, (index) => `10.${first}.${index}.7`);
  const usedIn =
    (tenant: string) =>
    (id: string, atMillis: number, from: readonly string[], actor = '') => {
      const at = new Date(atMillis).toISOString();
      return {
        ...{ TenantId: tenant, Record: 'used', CredentialId: `key:${id}`, EntryId: `key:${id}`, Kind: 'key' },
        Actor: actor === '' ? `spiffe://demo/${id}` : actor,
        ...{ FirstUsed: at, LastUsed: at, ReceivedAt: at, Uses: 3, Addresses: from },
      };
    };
  const insertUses = (values: readonly object[]) =>
    store.client.insert({
      table: 'credential_records',
      values: [...values],
      format: 'JSONEachRow',
      clickhouse_settings: { date_time_input_format: 'best_effort' },
    });
  const DAYS = [20, 10, 2];

  test('far more networks than ever before show; a farm, a pool of addresses, and a new one do not', async () => {
    const { tenant, pass, found } = scenarioOf(store, 'shared_credential', 'tenant-hosts');
    const used = usedIn(tenant);
    await insertUses([
      ...DAYS.flatMap((days) => [
        used('stolen', NOW - days * DAY, networks(2)),
        used('farm', NOW - days * DAY, networks(30)),
        used('pool', NOW - days * DAY, ['192.0.2.1']),
        used('mapped', NOW - days * DAY, ['::ffff:10.0.0.7']),
        used('grown', NOW - days * DAY, networks(5)),
      ]),
      used('silent', NOW - 60 * DAY, networks(1)),
      used('once', NOW - 2 * DAY, networks(30)),
      ...[0, 1, 2].map((minute) => used('stolen', NOW - minute * MINUTE, networks(4, minute))),
      used('farm', NOW, networks(32, 9)),
      used('pool', NOW, [...addresses(60, (index) => `192.0.2.${index}`), '2001:db8::1', '2001:db8::2']),
      used(
        'mapped',
        NOW,
        addresses(12, (index) => `::ffff:10.0.0.${index}`),
      ),
      used('grown', NOW, networks(15)),
      used('silent', NOW, networks(10)),
      used('once', NOW, networks(31, 5)),
      { ...used('stolen', NOW, networks(90)), TenantId: 'tenant-of-others' },
    ]);
    await pass(NOW + MINUTE);
    const all = await found();
    expect(all.map(({ sentence }) => sentence).toSorted()).toEqual([
      'The key key:silent of spiffe://demo/silent came from 10 networks within an hour, and was not used before: 10.0.0.7, 10.0.1.7, 10.0.2.7 and 7 more.',
      'The key key:stolen of spiffe://demo/stolen came from 12 networks within an hour, and from 2 at most before: 10.0.0.7, 10.0.1.7, 10.0.2.7 and 9 more.',
    ]);
    expect(all.find(({ subject }) => subject.id === 'key:stolen')).toMatchObject({
      subject: { kind: 'credential' },
      count: 12,
      evidence: {
        figures: {
          ...{ actor: 'spiffe://demo/stolen', networks: 12, networksBefore: 2, addresses: 12, uses: 9 },
          someAddresses: expect.arrayContaining(['10.0.0.7', '10.2.3.7']),
        },
      },
    });
    await pass(NOW + 2 * MINUTE, { networks: 30, times: 1 });
    expect((await found()).map(({ subject }) => subject.id)).toContain('key:farm');
  });

  test('one that sends for several services is told with where it came from', async () => {
    const { tenant, did, insert, pass, found } = scenarioOf(store, 'shared_credential', 'tenant-came');
    const used = usedIn(tenant);
    await insertUses([
      used('a', NOW - MINUTE, ['10.0.0.7'], 'spiffe://demo/billing'),
      used('b', NOW - MINUTE, ['10.0.0.7', '192.0.2.1'], 'spiffe://demo/billing'),
      used('a', NOW - 2 * HOUR, ['198.51.100.1'], 'spiffe://demo/billing'),
    ]);
    await insert(['a', 'b', 'c'].map((ServiceName) => did(undefined, NOW - MINUTE, { ServiceName })));
    await pass(NOW, { services: 3 });
    expect(await found()).toMatchObject([
      {
        sentence:
          'The credential of spiffe://demo/billing sends for several services, from 2 addresses: a, b, c.',
        evidence: { figures: { addresses: 2, someAddresses: ['10.0.0.7', '192.0.2.1'] } },
      },
    ]);
  });
});

describe('stale_credential', () => {
  test('unused or old ones show', async () => {
    const { tenant, pass, found } = scenarioOf(store, 'stale_credential');
    expect((await pass(NOW)).opened).toEqual([]);
    const credential = (CredentialId: string, firstDays: number, lastDays: number, more: object = {}) => ({
      ...{ TenantId: tenant, CredentialId, Kind: 'key', Actor: 'spiffe://demo/billing', Uses: 5 },
      FirstUsed: new Date(NOW - firstDays * DAY).toISOString(),
      LastUsed: new Date(NOW - lastDays * DAY).toISOString(),
      ...more,
    });
    await store.client.insert({
      table: 'credentials',
      values: [
        credential('key:unused', 200, 100),
        credential('key:old', 400, 1),
        credential('key:fine', 300, 1),
        credential('key:renewed', 800, 1, { IssuedAt: new Date(NOW - 5 * DAY).toISOString() }),
        credential('key:expired', 500, 200, { ExpiresAt: new Date(NOW - DAY).toISOString() }),
        credential('token:short', 500, 200, { Kind: 'token' }),
      ],
      format: 'JSONEachRow',
    });
    await pass(NOW + HOUR);
    expect((await found()).map(({ sentence }) => sentence).toSorted()).toEqual([
      'The key key:old of spiffe://demo/billing is in use since 2025-02-08.',
      'The key key:unused of spiffe://demo/billing was last used on 2025-12-05.',
    ]);
    await store.client.insert({
      table: 'credentials',
      values: [credential('key:unused', 1, 0)],
      format: 'JSONEachRow',
    });
    expect((await pass(NOW + 2 * HOUR)).resolved).toHaveLength(1);
  });
});

describe('expired_authority', () => {
  test('an older version beside a newer one, and an approval of long ago', async () => {
    const { run, insert, pass, found } = scenarioOf(store, 'expired_authority');
    const allowed = (id: string, daysAgo: number) =>
      run({
        authority: { kind: 'policy', id },
        startedAt: new Date(NOW - daysAgo * DAY).toISOString(),
        endedAt: new Date(NOW - daysAgo * DAY + 1000).toISOString(),
      });
    await insert(
      [],
      [
        ...[allowed('policy:nightly@9', 8), allowed('policy:nightly@10', 5), allowed('policy:nightly@9', 1)],
        ...[allowed('policy:report@1', 5), allowed('policy:report@2', 1)],
        ...[allowed('approval:7f2c', 40), allowed('approval:7f2c', 1), allowed('approval:8a', 2)],
      ],
    );
    await pass(NOW);
    expect((await found()).map(({ sentence }) => sentence).toSorted()).toEqual([
      'approval:7f2c, first used on 2026-02-03, still allows runs.',
      'policy:nightly@9 still allows runs, although policy:nightly@10 is in use since 2026-03-10.',
    ]);
  });
});

describe('ownerless_principal', () => {
  test('told once owners are named for anything, taken back once it has one', async () => {
    const { tenant, run, did, insert, pass, found } = scenarioOf(store, 'ownerless_principal');
    const nightly = run();
    const owned = run({ principal: { id: 'k8s://demo/jobs/owned', kind: 'scheduler' } });
    const person = run({ principal: { id: 'user:ada@example.com', kind: 'human' } });
    await insert(
      [nightly, owned, person].map((each) => did(each, NOW - HOUR)),
      [nightly, owned, person],
    );
    expect((await pass(NOW)).opened).toEqual([]);
    const { owners } = readersOf(store, tenant);
    const by = 'user:ada@example.com';
    await owners.declare('k8s://demo/jobs/owned', { owner: by, by });
    expect((await pass(NOW + HOUR)).opened).toHaveLength(1);
    expect(await found()).toMatchObject([
      { principal: NIGHTLY, sentence: `Nobody answers for ${NIGHTLY} (scheduler).` },
    ]);
    await owners.declare(NIGHTLY, { team: 'payments', by });
    expect((await pass(NOW + 2 * HOUR)).resolved).toHaveLength(1);
    expect(await found()).toMatchObject([{ state: 'resolved' }]);
  });
});
