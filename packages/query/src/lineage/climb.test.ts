import type { Run } from '@whence/model';
import { type Readers, readersOf, type Store } from '@whence/store';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import { CHAIN_MAX_LENGTH } from './climb.ts';
import {
  below,
  causedBy,
  doneIn,
  type GraphSpan,
  insertGraph,
  newRun,
  newSpanId,
  newTraceId,
  opening,
  span,
  under,
} from './graph.fixture.ts';
import type { TreeNode } from './tree/run-tree.ts';
import { treeOfRun } from './tree/tree-of-run.ts';
import { whoCausedAction } from './who.ts';

let temporary: TemporaryStore;
let store: Store;
let readers: Readers;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
  readers = readersOf(store, 'default');
});

afterAll(() => temporary?.remove());

/** How the next action of a graph came about: from which earlier one, and by what. */
const step = fc.record({
  cause: fc.nat(),
  by: fc.constantFrom('parent', 'parent', 'link', 'reference', 'run', 'run-below', 'run-linked'),
  kind: fc.constantFrom('message', 'retry', 'handoff', undefined),
});

interface Known {
  readonly span: GraphSpan;
  readonly run: Run;
  readonly opens: boolean;
  /** Index of its cause. */
  readonly cause?: number;
  readonly kind?: string;
}

const graphFrom = (
  steps: readonly { cause: number; by: string; kind: string | undefined }[],
): readonly Known[] => {
  const first = newRun();
  const all: Known[] = [{ span: span(opening(first)), run: first, opens: true }];
  const openingOf = (run: Run): number => all.findIndex((known) => known.opens && known.run === run);
  for (const { cause: any, by, kind } of steps) {
    const cause = any % all.length;
    const { span: above, run } = all[cause]!;
    const link = causedBy({ by: above, ...(kind === undefined ? {} : { kind }) });
    const nested = below(run);
    switch (by) {
      case 'parent':
        all.push({ span: span({ ...doneIn(run), ...under(above) }), run, opens: false, cause, kind: 'call' });
        break;
      case 'link':
        all.push({ span: span({ ...doneIn(run), ...link }), run, opens: false, cause, kind: kind ?? 'link' });
        break;
      case 'reference':
        all.push({ span: span(doneIn(run)), run, opens: false, cause: openingOf(run) });
        break;
      case 'run':
        all.push({
          span: span(opening(nested)),
          run: nested,
          opens: true,
          cause: openingOf(run),
          kind: 'spawn',
        });
        break;
      case 'run-below':
        all.push({
          span: span({ ...opening(nested), ...under(above) }),
          run: nested,
          opens: true,
          cause,
          kind: 'spawn',
        });
        break;
      case 'run-linked':
        all.push({
          span: span({ ...opening(nested), ...link }),
          run: nested,
          opens: true,
          cause,
          kind: kind ?? 'link',
        });
        break;
    }
  }
  return all;
};

test('from any action of any graph who climbs to the root that its author knows, and the tree agrees', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 24 }), fc.nat(), async (steps, pick) => {
      const graph = graphFrom(steps);
      const runs = [...new Set(graph.map(({ run }) => run))];
      await insertGraph(store, { spans: graph.map((known) => known.span), runs });

      for (const start of [pick % graph.length, graph.length - 1]) {
        const expected: unknown[] = [];
        for (let at: number | undefined = start; at !== undefined; at = graph[at]?.cause) {
          const { span, kind } = graph[at]!;
          expected.push([span.spanId, kind]);
        }
        const [record] = await readers.actions.bySpan({ spanId: graph[start]!.span.spanId });
        const { chain, missing } = await whoCausedAction(readers, record!);
        expect(chain.map(({ action, causedBy }) => [action.spanId, causedBy])).toEqual(expected);
        expect(missing.map(({ code }) => code)).toEqual(['one_witness', 'not_sealed']);
        expect(chain.at(-1)?.run?.id).toBe(graph[0]!.run.id);
      }

      const root = (await readers.runs.byId(graph[0]!.run.id))!;
      const told = await treeOfRun(readers, root, { limit: 1000, depth: 256 }, () => 'more');
      if (told.status !== 'told') throw new Error(told.status);
      const { tree } = told;
      const hung = new Map<string, string | undefined>();
      const walk = (node: TreeNode, above: string | undefined): void => {
        expect(hung.has(node.action.spanId)).toBe(false);
        hung.set(node.action.spanId, above);
        for (const child of node.children) walk(child, node.action.spanId);
      };
      for (const root of tree.roots) walk(root, undefined);
      const known = graph.map(({ span, cause }) => [
        span.spanId,
        cause === undefined ? undefined : graph[cause]!.span.spanId,
      ]);
      expect(Object.fromEntries(hung)).toEqual(Object.fromEntries(known));
      expect(tree.totals).toMatchObject({ actions: graph.length, errors: 0, runs: runs.length });
    }),
    { numRuns: 12, seed: 20260301 },
  );
});

const climbed = async (of: GraphSpan) => {
  const [record] = await readers.actions.bySpan(of);
  const { chain, missing } = await whoCausedAction(readers, record!);
  return { ids: chain.map(({ action }) => action.spanId), codes: missing.map(({ code }) => code) };
};

test('a chain longer than can be shown is cut, and said to be', async () => {
  const run = newRun();
  const spans = [span(opening(run))];
  while (spans.length < 300) spans.push(span({ ...doneIn(run), ...under(spans.at(-1)!) }));
  await insertGraph(store, { spans, runs: [run] });

  const { ids, codes } = await climbed(spans[299]!);
  expect(ids).toEqual(
    spans
      .slice(300 - CHAIN_MAX_LENGTH)
      .map(({ spanId }) => spanId)
      .reverse(),
  );
  expect(codes).toContain('chain_truncated');
  expect((await climbed(spans[CHAIN_MAX_LENGTH - 1]!)).codes).not.toContain('chain_truncated');
});

test('parents in a circle, and runs that start each other, do no harm', async () => {
  const one = newSpanId();
  const two = span({ ParentSpanId: one });
  const circle = { ...span({ ...under(two), SpanId: one }), spanId: one };
  const nightly = newRun();
  const liar = { traceId: newTraceId(), spanId: newSpanId() };
  const self = newRun();
  const other = newRun({ parentId: self.id });
  const runs = [{ ...self, parentId: other.id }, other];
  const inRuns = runs.map((run) => span(opening(run)));
  await insertGraph(store, { spans: [two, circle, ...inRuns], runs });

  expect(await climbed(two)).toMatchObject({
    ids: [two.spanId, one],
    codes: expect.arrayContaining(['cycle']),
  });
  const lying = span({ ...doneIn(nightly), ...causedBy({ by: liar }) });
  const job = span(opening(nightly));
  const backTo = span({
    ...doneIn(nightly),
    ...causedBy({ by: lying }),
    TraceId: liar.traceId,
    SpanId: liar.spanId,
  });
  await insertGraph(store, { spans: [lying, job, { ...backTo, spanId: liar.spanId }], runs: [nightly] });
  expect(await climbed(lying)).toMatchObject({
    ids: [lying.spanId, liar.spanId, job.spanId],
    codes: expect.arrayContaining(['cycle']),
  });

  const { ids, codes } = await climbed(inRuns[0]!);
  expect(ids).toEqual(inRuns.map(({ spanId }) => spanId));
  expect(codes).toContain('cycle');
});

test('an action is found in a trace of more spans than are read at once', async () => {
  const root = span();
  const late = { TraceId: root.traceId, Timestamp: '2026-03-02T00:00:00Z' };
  const middle = span({ ...late, ParentSpanId: root.spanId });
  const command = { ...late, System: 'postgresql', Operation: 'UPDATE' };
  const leaf = span({ ...command, ParentSpanId: middle.spanId });
  const seen = span({ ...command, ParentSpanId: leaf.spanId, Witness: 'gateway' });
  await insertGraph(store, { spans: [root, middle, leaf, seen], runs: [] });
  await store.client.command({
    query: `INSERT INTO otel_traces (TenantId, TraceId, SpanId, ParentSpanId, Timestamp, ReceivedAt)
      SELECT 'default', {trace:String}, lower(hex(toUInt64(number + 1))), {root:String}, toDateTime64('2026-03-01 12:00:00', 9), now64(3)
      FROM numbers(100100)`,
    query_params: { trace: root.traceId, root: root.spanId },
  });
  expect((await climbed(leaf)).ids).toEqual([leaf.spanId, middle.spanId, root.spanId]);
  const [record] = await readers.actions.bySpan(leaf);
  expect((await whoCausedAction(readers, record!)).witnesses).toMatchObject([
    { witness: 'sdk' },
    { witness: 'gateway', agrees: true },
  ]);
});

test('a verified run is not joined to a mere claim of its root', async () => {
  const root = newRun({
    assurance: 'asserted',
    principal: { id: 'user:mallory@example.com', kind: 'human' },
  });
  const child = below(root, { assurance: 'verified' });
  const act = span(opening(child));
  await insertGraph(store, { spans: [act], runs: [root, child] });
  const [record] = await readers.actions.bySpan(act);
  const answer = await whoCausedAction(readers, record!);
  expect(answer.sentence).not.toContain('mallory');
  expect(answer.missing.map(({ code }) => code)).toContain('run_span_missing');
});
