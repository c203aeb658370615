import { readersOf } from '@whence/store';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import {
  causedBy,
  doneIn,
  type GraphSpan,
  insertGraph,
  newRun,
  newSpanId,
  opening,
  span,
  timeAt,
  under,
} from '../lineage/graph.fixture.ts';
import type { RunTree, TreeNode } from '../lineage/tree/run-tree.ts';
import type { WhoAnswer } from '../lineage/who-answer.ts';
import { ResolverTurns } from './resolver.ts';

/** A job calls billing, whose mesh drops `tracestate`: all that billing does comes without a reference. */
const run = newRun();
const a = { Actor: 'spiffe://demo/scheduler' };
const b = { Actor: 'spiffe://demo/billing' };
const at = (millis: number) => ({ Timestamp: timeAt(millis) });
const job = span({ ...opening(run), ...a, ...at(1) });
const call = span({ ...doneIn(run), ...under(job), ...a, ...at(2), SpanKind: 'Client' });
const served = span({ ...under(call), ...b, ...at(3), SpanKind: 'Server', ServiceName: 'charges' });
const update = span({
  ...under(served),
  ...b,
  ...at(4),
  System: 'postgresql',
  Operation: 'UPDATE',
  Target: 'postgresql://db:5432/bank/invoices',
  StatusCode: 'Error',
  ServiceName: 'charges',
  SpanAttributes: { 'db.query.text': 'UPDATE invoices SET paid = $1' },
});
const sent = span({ ...under(served), ...b, ...at(5), SpanKind: 'Producer', ServiceName: 'charges' });
const received = span({ ...causedBy({ by: sent, kind: 'message' }), ...at(6), SpanKind: 'Consumer' });
const handed = span({ ...causedBy({ by: sent, kind: 'handoff' }), ...at(7) });
const nobody = span(at(8));
const orphan = span({ ParentSpanId: newSpanId(), ...at(9) });
const inheriting = [received, sent, update, served];

let asked: AskedService;
let get: AskedService['get'];

beforeAll(async () => {
  asked = await startAskedService();
  get = asked.get;
  const spans = [job, call, ...inheriting, handed, nobody, orphan];
  await insertGraph(asked.temporary.store, { spans, runs: [run] });
});

afterAll(() => asked?.remove());

const who = async (of: GraphSpan): Promise<WhoAnswer> =>
  (await get<WhoAnswer>(`/v1/who?span=${of.spanId}`)).body;

const codes = ({ missing }: Pick<WhoAnswer, 'missing'>) => missing.map(({ code }) => code);

interface Actions {
  readonly actions: readonly { readonly spanId: string; readonly assurance: string }[];
  readonly next?: string;
}

/** Every page of them. */
const actions = async (query: string, limit = 100): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let cursor = ''; ; ) {
    const { status, body } = await get<Actions>(`/v1/actions?${query}&limit=${limit}${cursor}`);
    expect(status).toBe(200);
    expect(body.actions.length).toBeLessThanOrEqual(limit);
    ids.push(...body.actions.map(({ spanId }) => spanId));
    if (body.next === undefined) return ids;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
};

const ids = (...spans: readonly GraphSpan[]): readonly string[] => spans.map(({ spanId }) => spanId);

describe('before any resolver has been there', () => {
  test('who names whom an action inherits from, and says what that rests on', async () => {
    const answer = await who(update);
    expect(answer.sentence).toBe(
      '`UPDATE invoices SET paid = $1` on postgresql://db:5432/bank/invoices by charges at 2026-03-01 03:14:07Z (which failed) was caused by ' +
        `k8s://demo/jobs/nightly (scheduler, inherited) in run ${run.id} of nightly-reconcile (schedule, attempt 1), allowed by policy:nightly-jobs@3. ` +
        `It came with no reference of its own: that is concluded from span ${call.spanId} of trace ${call.traceId}, whose reference was checked, 2 steps above it in the trace.`,
    );
    expect(answer.principal).toEqual({
      ...run.principal,
      assurance: 'inherited',
      how: `Taken over from span ${call.spanId} of trace ${call.traceId}, whose reference was checked, 2 steps, up by parent spans, some of which one workload tells of what another one sent.`,
    });
    expect(answer.run?.id).toBe(run.id);
    expect(answer.authority).toEqual(run.authority);
    expect(answer.chain.map(({ action }) => [action.spanId, action.assurance])).toEqual([
      [update.spanId, 'inherited'],
      [served.spanId, 'inherited'],
      [call.spanId, 'verified'],
      [job.spanId, 'verified'],
    ]);
    expect(answer.chain[1]?.action.inheritedFrom).toEqual({
      traceId: call.traceId,
      spanId: call.spanId,
      via: 'parent',
      hops: 1,
    });
    expect(codes(answer)).toEqual(['inherited_only', 'one_witness', 'not_sealed']);
  });

  test('over links', async () => {
    const answer = await who(received);
    expect(answer.sentence).toContain('3 steps above it over a link');
    expect(answer.principal?.how).toContain('up by parent spans and links');
  });

  test.each([
    ['handed over', handed, 'began something of its own'],
    ['nothing above', nobody, 'is the topmost of its trace'],
    ['a missing parent', orphan, 'has a parent that has not arrived'],
  ])('%s: nobody, and why', async (_what, of, why) => {
    const answer = await who(of);
    expect(answer.sentence).toMatch(/^Nobody is named/);
    expect(answer).not.toHaveProperty('principal');
    expect(codes(answer)).toEqual(expect.arrayContaining(['not_inherited', 'no_reference']));
    expect(answer.missing.find(({ code }) => code === 'not_inherited')?.detail).toContain(why);
  });

  test('lists do not know yet', async () => {
    expect(await actions('assurance=inherited')).toEqual([]);
  });
});

describe('once it has', () => {
  beforeAll(async () => {
    const { store } = asked.temporary;
    const turns = new ResolverTurns({ store, logger: pino({ level: 'silent' }), intervalMillis: 1000 });
    while (await turns.turn());
  });

  test.each([
    ['assurance=inherited', inheriting],
    [`run=${run.id}`, [...inheriting, call, job]],
    [`root=${run.id}`, [...inheriting, call, job]],
    [`principal=${run.principal.id}`, [...inheriting, call, job]],
    [`principal=${run.principal.id}&assurance=verified`, [call, job]],
    [`principal=${run.principal.id}&assurance=inherited&operation=UPDATE`, [update]],
    [`principal=${run.principal.id}&target=postgresql://db:5432/bank`, [update]],
    [`principal=${run.principal.id}&text=INVOICES`, [update]],
    [`run=${run.id}&status=error`, [update]],
    [`run=${run.id}&service=charges`, [sent, update, served]],
    [`run=${run.id}&to=${timeAt(4)}`, [served, call, job]],
    [`run=${run.id}&from=${timeAt(4)}&to=${timeAt(6)}`, [sent, update]],
    ['assurance=none', [orphan, nobody, handed]],
    ['principal=somebody', []],
    [`run=${newRun().id}`, []],
  ])('%s', async (query, expected) => {
    expect(await actions(query)).toEqual(ids(...expected));
    expect(await actions(query, 1)).toEqual(ids(...expected));
    expect(await actions(query, 2)).toEqual(ids(...expected));
  });

  test('every list shows whom they are attributed to', async () => {
    const { body } = await get<Actions>('/v1/actions?operation=UPDATE');
    expect(body.actions).toMatchObject([
      { assurance: 'inherited', principal: run.principal, runId: run.id, rootRunId: run.id },
    ]);
  });

  test('the tree of the run holds them, its totals count them, and it says so', async () => {
    const { body } = await get<RunTree>(`/v1/runs/${run.id}/tree`);
    const shape = ({ action, children }: TreeNode): unknown => [action.spanId, ...children.map(shape)];
    expect(body.roots.map(shape)).toEqual([
      [job.spanId, [call.spanId, [served.spanId, [update.spanId], [sent.spanId, [received.spanId]]]]],
    ]);
    expect(body.totals).toEqual({ actions: 6, errors: 1, runs: 1, services: 2 });
    expect(body.truncated).toBe(false);
    expect(codes(body)).toEqual(['inherited_only']);
    const short = await get<RunTree>(`/v1/runs/${run.id}/tree?limit=3`);
    expect(short.body.truncated).toBe(true);
    expect(short.body.totals.actions).toBe(6);
  });

  test('a trace in chunks shows them too', async () => {
    const { actions: reader } = readersOf(asked.temporary.store, 'default');
    const found: (readonly [string, string])[] = [];
    for await (const records of reader.ofTrace(job.traceId, 100)) {
      found.push(...records.map(({ action }) => [action.spanId, action.assurance] as const));
    }
    expect(found).toEqual([
      [job.spanId, 'verified'],
      [call.spanId, 'verified'],
      ...[served, update, sent].map(({ spanId }) => [spanId, 'inherited'] as const),
    ]);
  });

  test('another tenant finds none of it', async () => {
    const { actions: reader, attributions } = readersOf(asked.temporary.store, 'other');
    const filter = { principal: run.principal.id };
    expect((await reader.search({ filter, limit: 10 })).records).toEqual([]);
    expect((await attributions.ofSpans([update])).size).toBe(0);
    expect(await reader.totalsBelow({ id: run.id, rootId: run.id })).toMatchObject({ actions: 0 });
  });

  test('what is no longer so is not said by who, even where it is still written down', async () => {
    await insertGraph(asked.temporary.store, {
      spans: [{ ...served, row: { ...served.row, SpanId: served.spanId, StatusMessage: 'not so' } }],
      runs: [],
    });
    const answer = await who(update);
    expect(answer.sentence).toMatch(/^Nobody is named/);
    expect(answer.missing.find(({ code }) => code === 'not_inherited')?.detail).toContain(
      'has records that contradict each other',
    );
  });
});
