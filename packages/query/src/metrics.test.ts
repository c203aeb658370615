import { newRunId } from '@whence/model';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AskedService, startAskedService } from './asked-service.fixture.ts';
import { COUNTED, newCounters } from './counters.ts';
import { type FindingsService, startFindings } from './findings/findings-service.ts';
import { HOUR } from './findings/rule.ts';
import { scenarioOf } from './findings/scenario.fixture.ts';
import { type Receiver, startReceiver, status } from './findings/webhooks/receiver.fixture.ts';
import { readWebhooksFile } from './findings/webhooks/webhooks-file.ts';
import { insertGraph, newRun, opening, span, under } from './lineage/graph.fixture.ts';

let asked: AskedService;
let receiver: Receiver;
let findings: FindingsService;

beforeAll(async () => {
  const counters = newCounters();
  receiver = await startReceiver();
  asked = await startAskedService(() => ({ counters, attributionIntervalMillis: 50 }));
  findings = startFindings({
    store: asked.temporary.store,
    tenant: 'default',
    webhooks: readWebhooksFile(
      `{ endpoints: [{ name: pager, url: '${receiver.url}', secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }] }`,
      'webhooks.yaml',
    ),
    everyMillis: 0,
    counters,
    logger: pino({ level: 'silent' }),
  });
});

afterAll(async () => {
  await findings?.close();
  await asked?.remove();
  await receiver?.close();
});

const metrics = async (): Promise<readonly string[]> =>
  (await asked.get('/metrics')).text.trimEnd().split('\n');

/** One series. */
const told = async (series: string): Promise<number> => {
  const line = (await metrics()).find((each) => each.startsWith(`${series} `));
  return line === undefined ? Number.NaN : Number(line.slice(series.length + 1));
};

test('every family is there before its first count, with what it means', async () => {
  const lines = await metrics();
  for (const name of Object.values(COUNTED)) {
    expect(name).toMatch(/^whence_query_[a-z_]+_total$/);
    expect(lines).toContain(`# TYPE ${name} counter`);
    expect(lines.filter((line) => line.startsWith(`# HELP ${name} `))).toHaveLength(1);
  }
  for (const line of lines)
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\\]*",?)+\})? [\d.e+-]+)$/);
});

test('what was attributed, withdrawn and counted, and how far behind it is', async () => {
  const run = newRun();
  const top = span(opening(run));
  const child = span(under(top));
  await insertGraph(asked.temporary.store, { spans: [top, child], runs: [run] });
  const settled = (series: string) => expect.poll(() => told(series), { timeout: 20_000 });
  await settled('whence_query_attribution_attributed_total').toBe(1);
  const contradicted = { ...child.row, BatchId: newRunId(), StatusMessage: 'not so' };
  await insertGraph(asked.temporary.store, { spans: [{ ...child, row: contradicted }], runs: [] });
  await settled('whence_query_attribution_withdrawn_total').toBe(1);
  await settled('whence_query_attribution_not_inherited_total{reason="contested"}').toBeGreaterThan(0);
  await settled('whence_query_inherited_hours_counted_total').toBeGreaterThan(0);
  expect(await told('whence_query_attribution_turns_total')).toBeGreaterThan(0);
  expect(await told('whence_query_attribution_turns_failed_total')).toBe(0);
  expect(await told('whence_query_attribution_lag_seconds')).toBeGreaterThanOrEqual(0);
  expect(await told('whence_query_inherited_counting_lag_seconds')).toBeGreaterThanOrEqual(0);
  await settled('whence_query_attribution_parts_waiting').toBe(0);
});

test('what was found, what of it is muted, and what became of telling it', async () => {
  const { store } = asked.temporary;
  const everything = { rule: '*', principal: '*', target: '*' };
  for (const tenant of ['default', 'muted']) {
    const { did, insert, findings: of } = scenarioOf(store, 'refuted_reference', tenant);
    await insert([did(undefined, Date.now() - HOUR, { Assurance: 'refuted' })]);
    if (tenant === 'muted') await of.mutes.add({ ...everything, reason: 'known', by: 'user:ada@dev' });
  }
  receiver.answer(status(500));
  // The first look goes back a day, some hours at a time.
  for (let round = 0; round < 5; round += 1) await findings.round();
  const ofRule = (family: string) => told(`whence_query_${family}{rule="refuted_reference"}`);
  expect(await ofRule('findings_opened_total')).toBe(2);
  expect(await ofRule('findings_muted_total')).toBe(1);
  expect(await ofRule('findings_resolved_total')).toBe(0);
  expect(await ofRule('finding_passes_total')).toBeGreaterThanOrEqual(2);
  expect(await told('whence_query_finding_deliveries_total{endpoint="pager",outcome="retried"}')).toBe(1);
});
