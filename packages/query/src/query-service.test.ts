import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, type Got, startAskedService } from './asked-service.fixture.ts';
import { insertGraph } from './lineage/graph.fixture.ts';
import type { RunTree, TreeNode } from './lineage/tree/run-tree.ts';
import type { WhoAnswer } from './lineage/who-answer.ts';
import {
  approval,
  approving,
  atDesk,
  call,
  claim,
  dangling,
  desk,
  fanIn,
  forged,
  graph,
  job,
  late,
  lateRun,
  lost,
  nameless,
  nightly,
  ofUnknownRun,
  orphan,
  paid,
  report,
  reporting,
  round,
  seen,
  send,
  serve,
  silent,
  silentApproval,
  there,
  throughNobody,
  triage,
  triaging,
  twofold,
  unfinished,
  unknownRunId,
  update,
  work,
  written,
} from './nightly-graph.fixture.ts';
import { startQuery } from './query-service.ts';

let asked: AskedService;
let get: AskedService['get'];

beforeAll(async () => {
  asked = await startAskedService();
  get = asked.get;
  await insertGraph(asked.temporary.store, graph);
});

afterAll(() => asked?.remove());

const who = async (of: { readonly spanId: string; readonly traceId?: string }): Promise<WhoAnswer> => {
  const { status, body } = await get<WhoAnswer>(`/v1/who?span=${of.spanId}`);
  expect(status).toBe(200);
  return body;
};

const codes = ({ missing }: Pick<WhoAnswer, 'missing'>): readonly string[] => missing.map(({ code }) => code);

const links = ({ chain }: WhoAnswer) => chain.map(({ action, causedBy }) => [action.spanId, causedBy]);

const shape = ({ action, causedBy, children }: TreeNode): unknown => [
  action.spanId,
  causedBy,
  ...children.map(shape),
];

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

  test('says who handed over to whoever caused it', async () => {
    const answer = await who(paid);
    expect(answer.principal).toMatchObject({ id: 'user:dana@example.com', assurance: 'verified' });
    expect(answer.handedOffBy).toEqual(triage);
    expect(answer.sentence).toContain(
      `was caused by user:dana@example.com (human, verified) in run ${approval.id} of approve (handoff, attempt 1), ` +
        `handed off from agent://demo/triage (agent, verified) in run ${triage.id}, allowed by policy:nightly-jobs@3. ` +
        `It goes back to k8s://demo/jobs/nightly (scheduler, verified), who started run ${desk.id}`,
    );
    expect(links(answer)).toEqual([
      [paid.spanId, 'call'],
      [approving.spanId, 'handoff'],
      [triaging.spanId, 'spawn'],
      [atDesk.spanId, undefined],
    ]);
    expect(answer.chain.map((entry) => entry.run?.id)).toEqual([undefined, approval.id, triage.id, desk.id]);
    expect(await who(triaging)).not.toHaveProperty('handedOffBy');

    const tree = await get<RunTree>(`/v1/runs/${desk.id}/tree`);
    expect(tree.body.roots.map(shape)).toEqual([
      [
        atDesk.spanId,
        undefined,
        [triaging.spanId, 'spawn', [approving.spanId, 'handoff', [paid.spanId, 'call']]],
      ],
    ]);
  });

  test('says so of a run of which no action has arrived', async () => {
    const { body } = await get<WhoAnswer>(`/v1/who?run=${silentApproval.id}`);
    expect(body.handedOffBy).toEqual(triage);
    expect(body.sentence).toContain(
      `, handed off from agent://demo/triage (agent, verified) in run ${triage.id}, allowed by`,
    );
    expect(links(body)[0]).toEqual([triaging.spanId, 'spawn']);
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

    const proven = await who(throughNobody);
    expect(links(proven)[1]).toEqual([forged.spanId, undefined]);
    expect(proven.missing.find(({ code }) => code === 'chain_unproven')?.detail).toContain(
      `${forged.spanId} (refuted)`,
    );

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
    const others = await startQuery({ ...asked.options, tenant: 'other' });
    const { actions } = (await (await fetch(`${others.url}/v1/actions`)).json()) as Page;
    expect(actions).toHaveLength(1);
    expect((await fetch(`${others.url}/v1/runs/${nightly.id}`)).status).toBe(404);
    expect((await fetch(`${others.url}/v1/who?span=${update.spanId}`)).status).toBe(404);
    await others.close();
  });
});
