import { applyRetention, readRetention, type Store } from '@whence/store';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bearer, type WrittenCredentials, writeCredentials } from './access/credentials-file.fixture.ts';
import type { RetentionAnswer } from './answers/retention.ts';
import type { Problem } from './api/problem.ts';
import { type AskedService, startAskedService } from './asked-service.fixture.ts';
import {
  below,
  causedBy,
  doneIn,
  insertGraph,
  newRun,
  newSpanId,
  newTraceId,
  opening,
  span,
  under,
} from './lineage/graph.fixture.ts';
import type { RunTree } from './lineage/tree/run-tree.ts';
import type { WhoAnswer } from './lineage/who-answer.ts';

const DAY_MILLIS = 86_400_000;
const ago = (days: number): string => new Date(Date.now() - days * DAY_MILLIS).toISOString();
/** Columns of a span that began and was received then. */
const at = (days: number) => ({ Timestamp: ago(days), ReceivedAt: ago(days) });

const old = newRun({ startedAt: ago(100), endedAt: ago(100) });
const oldJob = span({ ...opening(old), ...at(100) });
const oldCall = span({
  ...doneIn(old),
  ...under(oldJob),
  ...at(100),
  Target: 'postgresql://db/bank/invoices',
});

const late = below(old, { startedAt: ago(40), endedAt: ago(1) });
const lateJob = span({ ...opening(late), ...at(20) });

const young = newRun({ startedAt: ago(1), endedAt: ago(1) });
const job = span({ ...opening(young), ...at(1) });
const orphan = span({ ...doneIn(young), TraceId: newTraceId(), ParentSpanId: newSpanId(), ...at(1) });
const linked = span({ ...doneIn(young), ...causedBy({ by: oldJob, kind: 'message' }), ...at(1) });

let written: WrittenCredentials;
let asked: AskedService;
/** What is asked as whoever may everything. */
const get = <Body>(path: string) => asked.get<Body>(path, bearer(written.keys['boss']));

beforeAll(async () => {
  written = writeCredentials({ boss: { role: 'admin' }, revisor: { role: 'auditor' } });
  asked = await startAskedService(() => ({ credentials: written.file }));
  const { store } = asked.temporary;
  await insertGraph(store, {
    spans: [oldJob, oldCall, lateJob, job, orphan, linked],
    runs: [old, late, young],
  });
  await keep(store, 'spans=30d,runs=300d,causes=300d');
  await vi.waitUntil(async () => (await spansIn(store)) === 4, { timeout: 60_000, interval: 250 });
});

afterAll(async () => {
  await asked?.remove();
  written?.remove();
});

const keep = async (store: Store, text: string): Promise<void> => {
  const read = readRetention(text);
  if (read.status === 'faulty') throw new Error(read.faults.join());
  await applyRetention(store, read.retention, asked.options.logger);
};

const spansIn = async (store: Store): Promise<number> => {
  const result = await store.client.query({
    query: 'SELECT toUInt32(count()) AS n FROM otel_traces',
    format: 'JSONEachRow',
  });
  return (await result.json<{ n: number }>())[0]!.n;
};

const codesOf = ({ missing }: Pick<WhoAnswer, 'missing'>) => missing.map(({ code }) => code);
const KEPT = `Spans are kept for 30 days: those received before ${ago(30).slice(0, 10)} are, or soon will be, gone.`;

describe('a span that is no longer there', () => {
  test.each([
    ['span', `/v1/who?span=${oldCall.spanId}`],
    ['trace', `/v1/who?trace=${oldJob.traceId}`],
    ['target', `/v1/who?target=postgresql://db/bank/invoices&at=${ago(100)}`],
  ])('asked for by its %s: 404 says how far back spans are kept', async (_, path) => {
    const { status, body } = await get<Problem>(path);
    expect(status).toBe(404);
    expect(body.detail).toContain(KEPT);
  });
});

describe('a run whose spans are gone', () => {
  test('is answered from its record, and nobody says that nothing ever came', async () => {
    const { body } = await get<WhoAnswer>(`/v1/who?run=${old.id}`);
    expect(body).toMatchObject({ run: { id: old.id }, principal: { id: old.principal.id } });
    expect(body.missing).toContainEqual({ code: 'not_kept', detail: KEPT });
    expect(body.missing.map(({ detail }) => detail).join()).not.toContain('arrived');
  });

  test('has a tree, in which that it did nothing is not said', async () => {
    const { body } = await get<RunTree>(`/v1/runs/${old.id}/tree`);
    expect(body).toMatchObject({ run: { id: old.id }, roots: [{ action: { spanId: lateJob.spanId } }] });
    expect(body.missing.find(({ code }) => code === 'not_kept')?.detail).toBe(
      `Run ${old.id} began at ${old.startedAt}. ${KEPT}`,
    );
    const run = await get<{ missing: RunTree['missing'] }>(`/v1/runs/${old.id}`);
    expect(codesOf(run.body)).toEqual(['not_kept']);
  });

  test('one below it, which began before, may have lost some', async () => {
    const { body } = await get<WhoAnswer>(`/v1/who?span=${lateJob.spanId}`);
    expect(body.run?.id).toBe(late.id);
    expect(codesOf(body)).toEqual(expect.arrayContaining(['run_span_missing', 'not_kept']));
  });
});

describe('what is young', () => {
  test('with a parent that is not there: it has not arrived, and nothing else is suspected', async () => {
    const { body } = await get<WhoAnswer>(`/v1/who?span=${orphan.spanId}`);
    expect(codesOf(body)).toContain('parent_missing');
    expect(codesOf(body)).not.toContain('not_kept');
  });

  test('with a linked cause that is not there: it may be any age', async () => {
    const { body } = await get<WhoAnswer>(`/v1/who?span=${linked.spanId}`);
    expect(codesOf(body)).toEqual(expect.arrayContaining(['cause_missing', 'not_kept']));
  });

  test('with a whole tree: nothing is', async () => {
    const { body } = await get<RunTree>(`/v1/runs/${young.id}/tree`);
    expect(codesOf(body)).not.toContain('not_kept');
    expect((await get<object>(`/v1/runs/${young.id}`)).body).not.toHaveProperty('missing');
  });
});

test('the id of a run tells that its record may be gone', async () => {
  const idOf = (days: number): string => {
    const millis = (Date.now() - days * DAY_MILLIS).toString(16).padStart(12, '0');
    return `${millis.slice(0, 8)}-${millis.slice(8)}-7000-8000-000000000000`;
  };
  const detailOf = async (days: number) => (await get<Problem>(`/v1/runs/${idOf(days)}`)).body.detail;
  expect(await detailOf(400)).toMatch(/By its id it began at \S+\. Records of runs are kept for 300 days/);
  expect(await detailOf(200)).not.toContain('are kept for');
});

describe('/v1/retention', () => {
  test('tells each tier: its limit, what there is of it, and what goes next', async () => {
    const { status, body } = await get<RetentionAnswer>('/v1/retention');
    expect(status).toBe(200);
    expect(body.tiers.map(({ tier, days }) => [tier, days])).toEqual([
      ['spans', 30],
      ['runs', 300],
      ['causes', 300],
      ['activity', undefined],
      ['credentials', undefined],
      ['findings', undefined],
      ['inventory', undefined],
      ['bookkeeping', undefined],
    ]);
    const [spans] = body.tiers;
    expect(spans?.tables.find(({ table }) => table === 'otel_traces')).toMatchObject({ days: 30, rows: 4 });
    expect(Date.parse(spans!.nextGoes!)).toBeGreaterThan(Date.now());
  });

  test('is for admins: it tells of all tenants', async () => {
    const { status } = await asked.get('/v1/retention', bearer(written.keys['revisor']));
    expect(status).toBe(403);
  });
});
