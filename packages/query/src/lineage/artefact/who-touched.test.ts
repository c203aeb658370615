import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../../asked-service.fixture.ts';
import { doneIn, insertGraph, newRun, opening, span, timeAt, under } from '../graph.fixture.ts';
import type { WhoAnswer } from '../who-answer.ts';
import { statementHashOf } from './statement-hash.ts';

const TABLE = 'postgresql://db:5432/bank/ledger';
const run = newRun();
const opens = span(opening(run));
const sql = (statement: string, millis: number, columns: Readonly<Record<string, unknown>> = {}) =>
  span({
    ...doneIn(run),
    ...under(opens),
    Timestamp: timeAt(millis),
    System: 'postgresql',
    Operation: statement.slice(0, 6).toUpperCase(),
    Target: TABLE,
    StatementHash: statementHashOf(statement),
    SpanAttributes: { 'db.query.text': statement },
    ...columns,
  });

const SHA = '4f3c9a1be2d07c55a6b8d1f0e9c7b6a5d4c3b2a1';
const built = span({
  ...doneIn(run),
  ...under(opens),
  SpanAttributes: { 'vcs.ref.head.revision': SHA.toUpperCase() },
});
const tested = span({
  ...doneIn(run),
  ...under(opens),
  ResourceAttributes: { 'vcs.ref.head.revision': SHA },
});
const served = span({ ResourceAttributes: { 'vcs.ref.head.revision': SHA }, ServiceName: 'shop' });

const http = (operation: string, target: string) =>
  span({
    ...doneIn(run),
    ...under(opens),
    System: 'http',
    Operation: operation,
    Target: target,
  });
const api = (operation: string, cluster: string, path: string) =>
  http(operation, `https://${cluster}/apis/apps/v1/namespaces/prod/deployments/${path}`);
const looked = api('GET', '10.0.0.1', 'web');
const scaled = api('PATCH', '10.9.0.1', 'web/scale');
const JOBS = 'https://10.0.0.1/apis/batch/v1/namespaces/prod/jobs';
const ranJob = http('GET', `${JOBS}/nightly-29123456/status`);
const endedJob = http('DELETE', `${JOBS}/nightly-29123456`);
const otherJob = http('DELETE', `${JOBS}/nightly-29123457`);
const otherObject = api('DELETE', '10.0.0.1', 'website');

const select = sql('SELECT * FROM ledger WHERE id = 1', 4000);
const update = sql('UPDATE ledger SET cents = 7 WHERE id = 1', 3000);
const older = sql('UPDATE ledger SET cents = 9 WHERE id = 2', 1000);
const partition = sql('INSERT INTO ledger_2026 VALUES (1)', 3500, { Target: `${TABLE}_2026` });
const nobody = sql('DELETE FROM ledger', 50_000, {
  RunId: '00000000-0000-0000-0000-000000000000',
  Assurance: 'none',
});
const another = sql('UPDATE ledger SET cents = 1', 3900, { TenantId: 'other' });

let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, {
    spans: [
      opens,
      built,
      tested,
      served,
      looked,
      scaled,
      otherObject,
      ranJob,
      endedJob,
      otherJob,
      select,
      update,
      older,
      partition,
      nobody,
      another,
    ],
    runs: [run],
  });
});

afterAll(() => asked?.remove());

const who = (parameters: Readonly<Record<string, string>>) =>
  asked.get<WhoAnswer & { readonly code?: string }>(`/v1/who?${new URLSearchParams(parameters)}`);

const candidates = ({ candidates = [] }: WhoAnswer) => candidates.map(({ action }) => action.spanId);

describe('who touched a target', () => {
  test('the likeliest is answered in full, and the others are there', async () => {
    const { status, body } = await who({ target: TABLE, at: timeAt(4500) });
    expect(status).toBe(200);
    expect(body.action?.spanId).toBe(update.spanId);
    expect(body.sentence).toContain(run.id);
    expect(body.chain).toHaveLength(2);
    expect(candidates(body)).toEqual([update.spanId, older.spanId, nobody.spanId, select.spanId]);
    expect(body.missing.map(({ code }) => code)).toContain('other_candidates');
  });

  test('at another moment another', async () => {
    const { body } = await who({ target: TABLE, at: timeAt(2000), within: '2s' });
    expect(candidates(body)).toEqual([older.spanId, update.spanId, nobody.spanId, select.spanId]);
    const last = await who({ target: TABLE });
    expect(candidates(last.body)).toEqual([nobody.spanId, update.spanId, older.spanId, select.spanId]);
  });

  test('and what begins with it, where that is asked for', async () => {
    const { body } = await who({ target: TABLE, below: 'true', at: timeAt(3501), limit: '2' });
    expect(candidates(body)).toEqual([update.spanId, older.spanId]);
    expect((await who({ target: `${TABLE}_`, below: 'true' })).body.action?.spanId).toBe(partition.spanId);
  });

  test('and all that differ in ids, where the target is a shape', async () => {
    const changed = [otherJob.spanId, endedJob.spanId];
    const { body } = await who({ target: `${JOBS}/nightly-{id}` });
    expect(candidates(body)).toEqual(changed);
    expect(body.candidates?.[0]?.why.join(' ')).not.toContain('only begins');
    const below = await who({ target: `${JOBS}/nightly-{id}`, below: 'true' });
    expect(candidates(below.body)).toEqual([...changed, ranJob.spanId]);
    const one = await who({ target: `${JOBS}/nightly-29123456`, below: 'true' });
    expect(candidates(one.body)).toEqual([endedJob.spanId, ranJob.spanId]);
  });

  test('nobody', async () => {
    expect(await who({ target: `${TABLE}x` })).toMatchObject({
      status: 404,
      body: { code: 'unknown_artefact', field: 'target' },
    });
    expect(await who({ target: TABLE, at: '2020-01-01T00:00:00Z' })).toMatchObject({ status: 404 });
  });
});

describe('who sent a statement', () => {
  test('whatever its values and layout', async () => {
    const { body } = await who({ statement: "update ledger\n set cents=  123 /* x */ where id = 'a'" });
    expect(body.action?.spanId).toBe(update.spanId);
    expect(candidates(body)).toEqual([update.spanId, older.spanId]);
  });

  test('nobody', async () => {
    expect(await who({ statement: 'UPDATE ledger SET dollars = 1' })).toMatchObject({
      status: 404,
      body: { code: 'unknown_artefact', field: 'statement' },
    });
  });
});

describe('who touched an object of Kubernetes', () => {
  test('at any address of any cluster, what changes it first', async () => {
    const { status, body } = await who({ object: 'prod/deploy/web' });
    expect(status).toBe(200);
    expect(candidates(body)).toEqual([scaled.spanId, looked.spanId]);
    expect((await who({ object: 'prod/deployments/we' })).status).toBe(404);
    expect(await who({ object: 'web' })).toMatchObject({ status: 400, body: { field: 'object' } });
  });

  test('whose name ends with a number that is counted as any', async () => {
    const { body } = await who({ object: 'prod/jobs/nightly-29123456' });
    expect(candidates(body)).toEqual([endedJob.spanId, ranJob.spanId]);
    expect((await who({ object: 'prod/jobs/nightly-29123499' })).status).toBe(404);
  });
});

describe('who worked on a commit', () => {
  test('runs first, the earliest in front, by the whole id or its beginning', async () => {
    for (const commit of [SHA, SHA.slice(0, 7), SHA.toUpperCase()]) {
      const { status, body } = await who({ commit });
      expect(status).toBe(200);
      expect(candidates(body)).toEqual([opens.spanId, served.spanId]);
      expect(body.candidates?.[0]?.why[0]).toContain(`Run ${run.id} worked on commit ${SHA}: 2 actions`);
    }
  });

  test('several commits that begin so', async () => {
    const { body } = await who({ commit: SHA.slice(0, 7).slice(0, 6) + SHA.slice(6, 7), limit: '1' });
    expect(candidates(body)).toEqual([opens.spanId]);
    expect(body.missing.map(({ code }) => code)).toContain('other_candidates');
  });

  test('nobody', async () => {
    expect(await who({ commit: 'abcdef0' })).toMatchObject({ status: 404, body: { field: 'commit' } });
    expect(await who({ commit: 'main' })).toMatchObject({ status: 400, body: { field: 'commit' } });
  });
});

test('a time of a thousand years, and its ends', async () => {
  expect(await who({ target: TABLE, at: timeAt(4500), within: '999999d' })).toMatchObject({ status: 200 });
  for (const at of ['1900-01-01T00:00:00Z', '2262-04-11T23:47:16Z']) {
    expect(await who({ target: TABLE, at, within: '1d' })).toMatchObject({ status: 404 });
  }
});

test.each([
  [{ target: TABLE, span: update.spanId }, 'target'],
  [{ target: TABLE, statement: 'x' }, 'statement'],
  [{ at: timeAt(0) }, 'span'],
  [{ span: update.spanId, at: timeAt(0) }, 'at'],
  [{ target: TABLE, within: '1h' }, 'within'],
  [{ target: TABLE, at: timeAt(0), within: '1 hour' }, 'within'],
  [{ target: TABLE, at: timeAt(0), within: '1000000d' }, 'within'],
  [{ statement: 'x', below: 'true' }, 'below'],
  [{ target: TABLE, below: 'yes' }, 'below'],
  [{ target: '' }, 'target'],
  [{ target: TABLE, limit: '0' }, 'limit'],
  [{ trace: opens.traceId, run: run.id }, 'run'],
])('400 names the field: %o', async (parameters, field) => {
  expect(await who(parameters as Readonly<Record<string, string>>)).toMatchObject({
    status: 400,
    body: { field },
  });
});
