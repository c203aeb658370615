import { findingStoreOf } from '@whence/store';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { newCounters } from '../counters.ts';
import { exampleTrace } from '../example-graph.fixture.ts';
import { insertGraph } from '../lineage/graph.fixture.ts';
import { forged, graph as nightlyGraph } from '../nightly-graph.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import { newEngine } from './engine.ts';
import type { FindingAnswer } from './finding-answer.ts';
import type { Rounds } from './rounds.ts';
import { HOUR, MINUTE } from './rule.ts';
import { NO_FILE } from './rule-settings.ts';
import { RULES } from './rules.ts';
import { at, scenarioOf } from './scenario.fixture.ts';
import { newWebhooks } from './webhooks/webhooks.ts';
import { NO_WEBHOOKS } from './webhooks/webhooks-file.ts';

let asked: AskedService;
let now = at('2026-03-01T03:40:00Z');

beforeAll(async () => {
  asked = await startAskedService();
});

afterAll(() => asked?.remove());

const counters = newCounters();

const engineOn = ({ store }: Pick<TemporaryStore, 'store'>, ...tenants: readonly string[]): Rounds =>
  newEngine({
    store,
    tenants: async () => tenants,
    file: NO_FILE,
    ownerPatterns: () => [],
    webhooks: newWebhooks(NO_WEBHOOKS, 'default', (tenant) => findingStoreOf(store, tenant)),
    counters,
    logger: pino({ level: 'silent' }),
    now: () => now,
  });

/** The first round looks a day back, some hours at a time. */
const caughtUp = async (engine: Rounds): Promise<void> => {
  for (let round = 0; round < 5; round += 1) await engine.round();
};

test('nothing is wrong with the example, and a forged reference is all that is with the nightly job', async () => {
  const { store } = asked.temporary;
  const { findings, rules } = findingStoreOf(store, 'default');
  await insertGraph(store, exampleTrace);
  await caughtUp(engineOn(asked.temporary, 'default'));
  expect((await findings.search({ filter: {}, mutes: [], limit: 100 })).findings).toEqual([]);
  const progress = await rules.progress();
  expect(
    [...progress.values()].map(({ failure }) => failure).filter((failure) => failure !== undefined),
  ).toEqual([]);
  expect([...progress.keys()].toSorted()).toEqual(RULES.map(({ code }) => code).toSorted());

  await insertGraph(store, nightlyGraph);
  now += MINUTE;
  await caughtUp(engineOn(asked.temporary, 'default'));
  const { body } = await asked.get<{ findings: readonly FindingAnswer[] }>('/v1/findings');
  expect(body.findings).toMatchObject([
    { rule: 'refuted_reference', evidence: { actions: [{ spanId: forged.spanId }] }, count: 1 },
  ]);
  for (const { href } of body.findings[0]!.links) {
    const answer = await asked.get<{ actions?: readonly unknown[] }>(href);
    expect([href, answer.status]).toEqual([href, 200]);
    if (href.startsWith('/v1/actions')) expect(answer.body.actions).toHaveLength(1);
  }
});

test('several engines, and one that begins anew, tell the same once', async () => {
  const { did, insert, findings, tenant } = scenarioOf(asked.temporary.store, 'refuted_reference', 'several');
  await insert([did(undefined, now - HOUR, { Assurance: 'refuted' })]);
  const engines = [engineOn(asked.temporary, tenant), engineOn(asked.temporary, tenant)];
  await Promise.all(engines.map(caughtUp));
  await Promise.all(engines.map((engine) => engine.close()));
  now += 2 * MINUTE;
  await engineOn(asked.temporary, tenant).round();
  const { findings: all } = await findings.findings.search({ filter: {}, mutes: [], limit: 100 });
  expect(all.map(({ count, state }) => [count, state])).toEqual([[1, 'open']]);
});

test('what waited for the store for hours is found when it comes', async () => {
  const { did, insert, findings, tenant } = scenarioOf(asked.temporary.store, 'refuted_reference', 'late');
  const engine = engineOn(asked.temporary, tenant);
  await caughtUp(engine);
  await insert([did(undefined, now - 5 * HOUR, { Assurance: 'refuted' })]);
  now += 7 * HOUR;
  await caughtUp(engine);
  const { findings: all } = await findings.findings.search({ filter: {}, mutes: [], limit: 100 });
  expect(all).toMatchObject([{ rule: 'refuted_reference', count: 1 }]);
});

test('a rule that fails stops no other, is shown, and goes on from where it was', async () => {
  const temporary = await openTemporaryStore();
  try {
    const { did, insert, findings, tenant } = scenarioOf(temporary.store, 'refuted_reference', 'failing');
    const rename = (from: string, to: string) =>
      temporary.store.client.command({ query: `RENAME TABLE ${from} TO ${to}` });
    await insert([did(undefined, now - HOUR, { Assurance: 'refuted' })]);
    await rename('job_workloads', 'elsewhere');
    const engine = engineOn(temporary, tenant);
    await caughtUp(engine);
    const failed = (await findings.rules.progress()).get('unexpected_workload');
    expect(failed?.failure).toMatch(/job_workloads/);
    expect(counters.render({})).toMatch(/finding_passes_failed_total\{rule="unexpected_workload"\} [1-9]/);
    expect((await findings.findings.search({ filter: {}, mutes: [], limit: 9 })).findings).toHaveLength(1);
    expect((await findings.rules.progress()).get('refuted_reference')?.failure).toBeUndefined();
    await rename('elsewhere', 'job_workloads');
    now += 2 * MINUTE;
    await engine.round();
    const after = (await findings.rules.progress()).get('unexpected_workload');
    expect(after?.failure).toBeUndefined();
    expect(after?.doneToMillis).toBeGreaterThan(failed!.doneToMillis);
  } finally {
    await temporary.remove();
  }
});

test('what is over is counted', async () => {
  const { store } = asked.temporary;
  const resolved = /findings_resolved_total\{rule="stale_credential"\} 1$/m;
  const used = (millis: number) =>
    store.client.insert({
      table: 'credentials',
      format: 'JSONEachRow',
      clickhouse_settings: { date_time_input_format: 'best_effort' },
      values: [
        {
          ...{ TenantId: 'over', CredentialId: 'key:idle', Kind: 'key', Actor: 'spiffe://demo/a', Uses: 1 },
          ...{ FirstUsed: new Date(millis).toISOString(), LastUsed: new Date(millis).toISOString() },
        },
      ],
    });
  await used(now - 100 * 24 * HOUR);
  await caughtUp(engineOn(asked.temporary, 'over'));
  expect(counters.render({})).not.toMatch(resolved);
  await used(now);
  now += 2 * HOUR;
  await caughtUp(engineOn(asked.temporary, 'over'));
  expect(counters.render({})).toMatch(resolved);
});
