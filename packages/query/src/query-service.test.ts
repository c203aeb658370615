import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '@whence/clickhouse-embedded';
import { newRunId } from '@whence/model';
import { openStore, type Store } from '@whence/store';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  timeAt,
  under,
} from './lineage/graph.fixture.ts';
import type { RunTree, TreeNode } from './lineage/run-tree.ts';
import type { WhoAnswer } from './lineage/who-answer.ts';
import type { Problem } from './problem.ts';
import { type QueryService, startQuery } from './query-service.ts';

let directory: string;
let engine: Awaited<ReturnType<typeof startEmbedded>>;
let store: Store;
let service: QueryService;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whence-query-'));
  engine = await startEmbedded({ dataDir: join(directory, 'data'), port: 0 });
  store = await openStore({ url: engine.url });
  service = await startQuery(options('default'));
  await insertGraph(store, graph);
});

afterAll(async () => {
  await service?.close();
  await store?.close();
  await engine?.stop();
  await rm(directory, { recursive: true, force: true });
});

const options = (tenant: string) => ({
  store,
  tenant,
  host: '127.0.0.1',
  port: 0,
  logger: pino({ level: 'silent' }),
});

/** A nightly job: HTTP to billing, which writes to the bank; a message to a notifier; a report as a nested run. */
const nightly = newRun();
const report = below(nightly, { attempt: 2 });
const claimed = newRun({ assurance: 'asserted', job: 'by-hand', trigger: 'manual' });
const { endedAt: _, outcome: __, authority: ___, ...open } = newRun({ job: 'watch' });
const silent = below(nightly, { job: 'silent' });
const lateRun = newRun({ job: 'late', principal: { id: 'github://demo/app/ci', kind: 'ci_runner' } });
const unknownRunId = newRunId();

const job = span({ ...opening(nightly), ServiceName: 'scheduler', Timestamp: timeAt(1) });
const call = span({
  ...doneIn(nightly),
  ...under(job),
  ServiceName: 'scheduler',
  SpanKind: 'Client',
  Timestamp: timeAt(2),
  System: 'http',
  Operation: 'POST',
  SpanAttributes: { 'http.request.method': 'POST', 'url.full': 'http://billing:8080/charges' },
});
const serve = span({ ...doneIn(nightly), ...under(call), SpanKind: 'Server', Timestamp: timeAt(3) });
const update = span({
  ...doneIn(nightly),
  ...under(serve),
  SpanKind: 'Client',
  Timestamp: '2026-03-01T03:14:07.004000001Z',
  System: 'postgresql',
  Operation: 'UPDATE',
  Target: 'postgresql://db:5432/bank/invoices',
  StatementHash: '42',
  Actor: 'spiffe://demo/billing',
  SpanAttributes: { 'db.query.text': "UPDATE invoices SET paid = $1 /*traceparent='00-a-b-01'*/" },
});
const seen = span({
  ...doneIn(nightly),
  ...under(update),
  ServiceName: 'gateway',
  Timestamp: timeAt(5),
  Witness: 'gateway',
  StatementHash: '42',
  Actor: 'spiffe://demo/gateway',
});
const send = span({ ...doneIn(nightly), ...under(job), SpanKind: 'Producer', Timestamp: timeAt(6) });
const work = span({
  ...doneIn(nightly),
  ...causedBy({ by: send, kind: 'message' }),
  ServiceName: 'notifier',
  SpanKind: 'Consumer',
  Timestamp: timeAt(7),
});
const reporting = span({ ...opening(report), ServiceName: 'report', Timestamp: timeAt(8) });
const written = span({ ...doneIn(report), ...under(reporting), Timestamp: timeAt(9), StatusCode: 'Error' });
const lost = newSpanId();
const orphan = span({ ...doneIn(nightly), TraceId: newTraceId(), ParentSpanId: lost, Timestamp: timeAt(10) });
const late = span({ RunId: lateRun.id, Assurance: 'verified', Timestamp: timeAt(11), SpanName: 'deploy' });

const forged = span({ RunId: nightly.id, Assurance: 'refuted', SpanName: 'DROP TABLE accounts' });
const nameless = span({ SpanName: 'SELECT 1' });
const claim = span({ ...opening(claimed), Assurance: 'asserted' });
const unfinished = span(opening(open));
const ofUnknownRun = span({ RunId: unknownRunId, Assurance: 'verified' });

const roundTrace = newTraceId();
const round = newSpanId();
const there = span(causedBy({ by: { traceId: roundTrace, spanId: round }, kind: 'handoff' }));
const back = span({ TraceId: roundTrace, SpanId: round, ...causedBy({ by: there, kind: 'handoff' }) });
const fanIn = span(causedBy({ by: there }, { by: nameless, kind: 'approval' }));
const dangling = span(causedBy({ by: { traceId: newTraceId(), spanId: newSpanId() }, kind: 'retry' }));
const twofold = span();

const graph = {
  spans: [
    ...[
      job,
      call,
      serve,
      update,
      seen,
      send,
      work,
      reporting,
      written,
      orphan,
      late,
      forged,
      nameless,
      claim,
    ],
    ...[unfinished, ofUnknownRun, there, back, fanIn, dangling, twofold],
    { ...update, row: { ...update.row, SpanId: update.spanId, BatchId: newRunId() } },
    { ...back, spanId: round },
    { ...twofold, row: { ...twofold.row, SpanId: twofold.spanId, StatusMessage: 'not so' } },
    span({ TenantId: 'other', TraceId: newTraceId(), SpanName: 'not yours' }),
  ].map((each) => ({ ...each, row: { SpanId: each.spanId, ...each.row } })),
  runs: [nightly, report, claimed, open, silent, lateRun],
};

interface Got<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

const get = async <Body>(path: string, headers: Record<string, string> = {}): Promise<Got<Body>> => {
  const response = await fetch(service.url + path, { headers });
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
};

const who = async (of: { readonly spanId: string; readonly traceId?: string }): Promise<WhoAnswer> => {
  const { status, body } = await get<WhoAnswer>(`/v1/who?span=${of.spanId}`);
  expect(status).toBe(200);
  return body;
};

const codes = ({ missing }: Pick<WhoAnswer, 'missing'>): readonly string[] => missing.map(({ code }) => code);

const links = ({ chain }: WhoAnswer) => chain.map(({ action, causedBy }) => [action.spanId, causedBy]);

describe('who', () => {
  test('names principal, run, authority, and climbs to the root', async () => {
    const answer = await who(update);
    expect(answer.sentence).toBe(
      '`UPDATE invoices SET paid = $1` on postgresql://db:5432/bank/invoices by billing at 2026-03-01 03:14:07Z was caused by ' +
        `k8s://demo/jobs/nightly (scheduler, verified) in run ${nightly.id} of nightly-reconcile (schedule, attempt 1), allowed by policy:nightly-jobs@3.`,
    );
    expect(answer.action).toMatchObject({
      spanId: update.spanId,
      startTime: '2026-03-01T03:14:07.004000001Z',
    });
    expect(answer.principal).toMatchObject({ ...nightly.principal, assurance: 'verified' });
    expect(answer.run).toEqual(nightly);
    expect(answer.authority).toEqual(nightly.authority);
    expect(links(answer)).toEqual([
      [update.spanId, 'call'],
      [serve.spanId, 'call'],
      [call.spanId, 'call'],
      [job.spanId, undefined],
    ]);
    expect(answer.chain.map((entry) => entry.run?.id)).toEqual([undefined, undefined, undefined, nightly.id]);
    expect(answer.witnesses).toEqual([
      { witness: 'sdk', actor: 'spiffe://demo/billing' },
      { witness: 'gateway', actor: 'spiffe://demo/gateway', agrees: true },
    ]);
    expect(codes(answer)).toEqual(['not_sealed']);
  });

  test('goes across traces by links', async () => {
    expect(links(await who(work))).toEqual([
      [work.spanId, 'message'],
      [send.spanId, 'call'],
      [job.spanId, undefined],
    ]);
  });

  test('goes from a nested run to the run that started it, and says where it goes back to', async () => {
    const answer = await who(written);
    expect(links(answer)).toEqual([
      [written.spanId, 'call'],
      [reporting.spanId, 'spawn'],
      [job.spanId, undefined],
    ]);
    expect(answer.chain.map((entry) => entry.run?.id)).toEqual([undefined, report.id, nightly.id]);
    expect(answer.sentence).toContain('(which failed)');
    expect(answer.sentence).toContain(`run ${report.id} of report (parent, attempt 2)`);
    expect(answer.sentence).toContain(
      `It goes back to k8s://demo/jobs/nightly (scheduler, verified), who started run ${nightly.id}`,
    );
  });

  test('crosses a missing parent by the reference, and says so', async () => {
    const answer = await who(orphan);
    expect(links(answer)).toEqual([
      [orphan.spanId, undefined],
      [job.spanId, undefined],
    ]);
    expect(codes(answer)).toEqual(['one_witness', 'not_sealed', 'parent_missing']);
    expect(answer.missing.at(-1)?.detail).toContain(lost);
  });

  test('a run record that came after the action names its principal', async () => {
    const answer = await who(late);
    expect(answer.principal).toMatchObject(lateRun.principal);
    expect(answer.run).toEqual(lateRun);
  });

  test('nobody, where no reference came', async () => {
    const answer = await who(nameless);
    expect(answer.sentence).toMatch(/^Nobody is named: `SELECT 1` .* came with no reference/);
    expect(codes(answer)).toContain('no_reference');
    expect(answer).not.toHaveProperty('principal');
    expect(answer).not.toHaveProperty('run');
  });

  test('nobody, where the reference was forged', async () => {
    const answer = await who(forged);
    expect(answer.sentence).toMatch(/forged or damaged .*nobody may be concluded from it/);
    expect(codes(answer)).toEqual(['refuted', 'one_witness', 'not_sealed']);
    expect(answer.action).toMatchObject({ runId: nightly.id, assurance: 'refuted' });
    expect(answer).not.toHaveProperty('principal');
    expect(answer).not.toHaveProperty('run');
    expect(answer).not.toHaveProperty('authority');
    expect(JSON.stringify(answer)).not.toContain(nightly.principal.id);
  });

  test('a claim is called a claim', async () => {
    const answer = await who(claim);
    expect(answer.sentence).toContain('is claimed, without any proof, to have been caused by');
    expect(answer.principal?.assurance).toBe('asserted');
    expect(codes(answer)).toContain('asserted_only');
  });

  test('says where a run is open, allowed by nothing, or unknown', async () => {
    expect(codes(await who(unfinished))).toEqual(['no_authority', 'run_open', 'one_witness', 'not_sealed']);
    const unknown = await who(ofUnknownRun);
    expect(codes(unknown)).toContain('run_unknown');
    expect(unknown.sentence).toMatch(/^Nobody can be named yet: /);
  });

  test('links in a circle, several causes, a cause that has not arrived, records that contradict', async () => {
    const circle = await who(there);
    expect(links(circle)).toEqual([
      [there.spanId, 'handoff'],
      [round, undefined],
    ]);
    expect(codes(circle)).toContain('cycle');

    const several = await who(fanIn);
    expect(links(several)[0]).toEqual([fanIn.spanId, 'approval']);
    expect(several.chain[1]?.action.spanId).toBe(nameless.spanId);
    expect(codes(several)).toContain('other_causes');

    expect(codes(await who(dangling))).toContain('cause_missing');
    expect(codes(await who(twofold))).toContain('conflict');
  });

  test('by trace: its root; by run: its opening span, or the record alone', async () => {
    const trace = await get<WhoAnswer>(`/v1/who?trace=${update.traceId.toUpperCase()}`);
    expect(trace.body.action?.spanId).toBe(job.spanId);
    const run = await get<WhoAnswer>(`/v1/who?run=${report.id}`);
    expect(run.body.action?.spanId).toBe(reporting.spanId);

    const { body } = await get<WhoAnswer>(`/v1/who?run=${silent.id}`);
    expect(body).not.toHaveProperty('action');
    expect(body.run).toEqual(silent);
    expect(body.sentence).toContain('no action of it has arrived');
    expect(codes(body)).toEqual(['run_span_missing']);
    expect(links(body)).toEqual([[job.spanId, undefined]]);
  });

  test('a span in a trace that is not its own is not there', async () => {
    expect((await get(`/v1/who?span=${update.spanId}&trace=${update.traceId}`)).status).toBe(200);
    expect((await get(`/v1/who?span=${update.spanId}&trace=${work.traceId}`)).status).toBe(404);
  });
});

describe('a run', () => {
  test('with its totals', async () => {
    const { body } = await get(`/v1/runs/${nightly.id}`);
    expect(body).toEqual({ run: nightly, totals: { actions: 10, errors: 1, runs: 2, services: 5 } });
  });

  const shape = ({ action, causedBy, children }: TreeNode): unknown => [
    action.spanId,
    causedBy,
    ...children.map(shape),
  ];

  test('as a tree', async () => {
    const { body } = await get<RunTree>(`/v1/runs/${nightly.id}/tree`);
    const billing = [serve.spanId, 'call', [update.spanId, 'call', [seen.spanId, 'call']]];
    expect(body.roots.map(shape)).toEqual([
      [
        job.spanId,
        undefined,
        [call.spanId, 'call', billing],
        [send.spanId, 'call', [work.spanId, 'message']],
        [reporting.spanId, 'spawn', [written.spanId, 'call']],
        [orphan.spanId, undefined],
      ],
    ]);
    expect(body.roots[0]?.run).toEqual(nightly);
    expect(body.totals).toEqual({ actions: 10, errors: 1, runs: 2, services: 5 });
    expect(body.truncated).toBe(false);
    expect(codes(body)).toEqual(['refuted', 'parent_missing']);
  });

  test('as a tree of a nested run', async () => {
    const { body } = await get<RunTree>(`/v1/runs/${report.id}/tree`);
    expect(body.roots.map(shape)).toEqual([[reporting.spanId, undefined, [written.spanId, 'call']]]);
    expect(codes(body)).toEqual([]);
  });

  test('never cut silently', async () => {
    const few = await get<RunTree>(`/v1/runs/${nightly.id}/tree?limit=3`);
    expect(few.body.truncated).toBe(true);
    expect(few.body.totals.actions).toBe(10);
    expect(codes(few.body)).toContain('tree_truncated');

    const shallow = await get<RunTree>(`/v1/runs/${nightly.id}/tree?depth=2`);
    expect(shallow.body.truncated).toBe(true);
    expect(shallow.body.roots[0]?.children.map((node) => node.omitted)).toEqual([3, 1, 1, undefined]);
  });
});

describe('actions', () => {
  interface Page {
    readonly actions: readonly { readonly spanId: string }[];
    readonly next?: string;
  }

  const ids = (page: Page): readonly string[] => page.actions.map(({ spanId }) => spanId);

  test('by everything at once', async () => {
    const query = new URLSearchParams({
      from: '2026-03-01T03:14:07.004Z',
      to: '2026-03-01T04:14:07.004000002+01:00',
      principal: nightly.principal.id,
      run: nightly.id,
      root: nightly.id,
      service: 'billing',
      system: 'postgresql',
      operation: 'UPDATE',
      target: 'postgresql://db:5432/',
      text: 'set PAID',
      assurance: 'verified',
      status: 'unset',
      limit: '1000',
    });
    const { body } = await get<Page>(`/v1/actions?${query}`);
    expect(ids(body)).toEqual([update.spanId]);
    expect(body).not.toHaveProperty('next');
  });

  test('page by page, as JSON and as NDJSON', async () => {
    const all = ids((await get<Page>(`/v1/actions?root=${nightly.id}`)).body);
    expect(all).toEqual(
      [orphan, written, reporting, work, send, seen, update, serve, call, job].map(({ spanId }) => spanId),
    );
    const paged: string[] = [];
    let path: string | undefined = `/v1/actions?root=${nightly.id}&limit=3`;
    while (path !== undefined) {
      const page: Got<unknown> = await get(path, { Accept: 'application/x-ndjson' });
      expect(page.headers.get('content-type')).toContain('application/x-ndjson');
      const lines = page.text.split('\n').slice(0, -1);
      paged.push(...lines.map((line) => JSON.parse(line).spanId));
      path = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(paged).toEqual(all);
  });

  test('forged ones by the run that they claim, never as part of its tree', async () => {
    const found = async (query: string) => ids((await get<Page>(`/v1/actions?${query}`)).body);
    expect(await found(`run=${nightly.id}&assurance=refuted`)).toEqual([forged.spanId]);
    expect(await found(`root=${nightly.id}&assurance=refuted`)).toEqual([]);
    expect(await found(`root=${lateRun.id}`)).toEqual([late.spanId]);
    expect(await found(`root=${unknownRunId}`)).toEqual([ofUnknownRun.spanId]);
  });

  test('of no other tenant', async () => {
    expect(ids((await get<Page>('/v1/actions?text=not%20yours')).body)).toEqual([]);
    const others = await startQuery(options('other'));
    const { actions } = (await (await fetch(`${others.url}/v1/actions`)).json()) as Page;
    expect(actions).toHaveLength(1);
    expect((await fetch(`${others.url}/v1/runs/${nightly.id}`)).status).toBe(404);
    expect((await fetch(`${others.url}/v1/who?span=${update.spanId}`)).status).toBe(404);
    await others.close();
  });
});

describe('what cannot be answered', () => {
  test.each([
    ['/v1/who', 'span'],
    ['/v1/who?span=', 'span'],
    ['/v1/who?span=abc', 'span'],
    [`/v1/who?span=${'g'.repeat(16)}`, 'span'],
    [`/v1/who?trace=${'a'.repeat(31)}`, 'trace'],
    [`/v1/who?run=${nightly.id}&span=${update.spanId}`, 'run'],
    [`/v1/who?span=${update.spanId}&span=${update.spanId}`, 'span'],
    ['/v1/who?run=7', 'run'],
    ['/v1/who?run=6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'run'],
    [`/v1/who?span=${update.spanId}&at=now`, 'at'],
    ['/v1/runs/7', 'id'],
    ['/v1/runs/7/tree', 'id'],
    [`/v1/runs/${nightly.id}/tree?limit=0`, 'limit'],
    [`/v1/runs/${nightly.id}/tree?limit=1000000000`, 'limit'],
    [`/v1/runs/${nightly.id}/tree?depth=-1`, 'depth'],
    [`/v1/runs/${nightly.id}/tree?depth=1e3`, 'depth'],
    ['/v1/actions?limit=1001', 'limit'],
    ['/v1/actions?limit=NaN', 'limit'],
    ['/v1/actions?from=yesterday', 'from'],
    ['/v1/actions?from=2026-03-01T00:00:00Z&to=2026-03-01T00:00:00Z', 'to'],
    ['/v1/actions?from=1026-03-01T00:00:00Z', 'from'],
    ['/v1/actions?cursor=abc', 'cursor'],
    ['/v1/actions?assurance=sure', 'assurance'],
    ['/v1/actions?status=200', 'status'],
    ['/v1/actions?service=', 'service'],
    ['/v1/actions?text=%00', 'text'],
    [`/v1/actions?text=${'x'.repeat(1001)}`, 'text'],
    ['/v1/actions?tenant=other', 'tenant'],
    ['/v1/actions?service[x]=1', 'service[x]'],
    ['/v1/actions?__proto__=1', '__proto__'],
  ])('400 names the field: %s', async (path, field) => {
    const { status, headers, body } = await get<Problem>(path);
    expect([status, body]).toMatchObject([400, { status: 400, code: 'bad_parameter', field }]);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body.detail).toContain(field);
  });

  test.each([
    ['/v1/who?span=00000000000000ff', 'unknown_span', '00000000000000ff'],
    [`/v1/who?trace=${'0'.repeat(31)}f`, 'unknown_trace', `${'0'.repeat(31)}f`],
    [
      '/v1/who?run=01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
      'unknown_run',
      '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
    ],
    ['/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10', 'unknown_run', '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10'],
    [
      '/v1/runs/01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10/tree',
      'unknown_run',
      '01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
    ],
  ])('404 says what was looked for, and since when there are records: %s', async (path, code, looked) => {
    const { status, body } = await get<Problem>(path);
    expect([status, body.code]).toEqual([404, code]);
    expect(body.detail).toContain(looked);
    expect(body.detail).toContain(timeAt(60_000));
  });

  test('other addresses and methods', async () => {
    expect(await get('/v2/who')).toMatchObject({ status: 404, body: { code: 'unknown_path' } });
    expect(await get('/v1/runs/%zz')).toMatchObject({ status: 400, body: { code: 'bad_parameter' } });
    const response = await fetch(`${service.url}/v1/actions`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('injections find nothing and harm nothing', async () => {
    for (const evil of [
      "' OR 1=1 --",
      "\\' OR '1",
      '{tenant:String}',
      '\\',
      '"',
      'x) OR (1=1',
      '%',
      '🦆',
      '\u2028',
    ]) {
      for (const name of ['principal', 'service', 'system', 'operation', 'target', 'text']) {
        const found = await get(`/v1/actions?${new URLSearchParams({ [name]: evil })}`);
        expect([name, evil, found.status, found.body]).toEqual([name, evil, 200, { actions: [] }]);
      }
      for (const path of [
        ...['span', 'trace', 'run'].map((name) => `/v1/who?${new URLSearchParams({ [name]: evil })}`),
        ...['from', 'to', 'run', 'root', 'cursor', 'limit', 'status', 'assurance'].map(
          (name) => `/v1/actions?${new URLSearchParams({ [name]: evil })}`,
        ),
        `/v1/runs/${encodeURIComponent(evil)}`,
        `/v1/runs/${encodeURIComponent(evil)}/tree`,
      ]) {
        expect([path, (await get(path)).status]).toEqual([path, 400]);
      }
    }
    expect((await who(update)).action?.spanId).toBe(update.spanId);
  });
});

describe('the service', () => {
  test('is alive and ready, and tells nothing of itself', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    const ready = await get('/readyz');
    expect(ready).toMatchObject({ status: 200, body: { status: 'ready' } });
    expect(ready.headers.get('x-powered-by')).toBeNull();
    expect(ready.headers.get('cache-control')).toBe('no-store');
  });

  test('a port in use is named', async () => {
    const port = Number(new URL(service.url).port);
    await expect(startQuery({ ...options('default'), port })).rejects.toMatchObject({
      code: 'cannot_listen',
      message: `cannot listen on 127.0.0.1:${port}: the port is in use`,
    });
  });

  test('503 and when to ask again, while the store is away', async () => {
    const other = await startEmbedded({ dataDir: join(directory, 'away'), port: 0 });
    const away = await openStore({ url: other.url });
    await other.stop();
    const lonely = await startQuery({ ...options('default'), store: away });
    for (const path of [
      '/readyz',
      '/v1/actions',
      `/v1/who?span=${update.spanId}`,
      `/v1/runs/${nightly.id}`,
    ]) {
      const response = await fetch(lonely.url + path);
      const problem = (await response.json()) as Problem;
      expect([path, response.status, problem.code]).toEqual([path, 503, 'store_unavailable']);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(problem.detail).not.toContain(other.url);
    }
    expect((await fetch(`${lonely.url}/healthz`)).status).toBe(200);
    await lonely.close();
    await away.close();
  });
});
