import { newRunId, type Run } from '@whence/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { insertGraph, newSpanId, newTraceId } from '../lineage/graph.fixture.ts';
import type { RunTree, TreeNode } from '../lineage/tree/run-tree.ts';
import * as nightly from '../nightly-graph.fixture.ts';
import { spanNodeId } from './action-nodes.ts';
import { graphOfRun } from './graph-of-run.ts';
import { type GraphEdge, type GraphNode, graphBuilder, type NodeGraph } from './node-graph.ts';

let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, nightly.graph);
});

afterAll(() => asked?.remove());

const graphOf = async (query: string): Promise<NodeGraph> =>
  (await asked.get<NodeGraph>(`/v1/who/graph?${query}`)).body;

const bySpan = ({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }) =>
  `span=${spanId}&trace=${traceId}`;

/** What the panel needs of two tables (public/app/plugins/panel/nodeGraph/utils.ts). */
const expectDrawable = ({ nodes, edges }: Pick<NodeGraph, 'nodes' | 'edges'>): void => {
  const ids = nodes.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(edges.map(({ id }) => id)).size).toBe(edges.length);
  for (const { source, target } of edges) {
    expect(ids).toContain(source);
    expect(ids).toContain(target);
  }
  for (const row of nodes) {
    expect(Object.keys(row).sort()).toEqual(Object.keys(nodes[0]!).sort());
    expect(row.arc__ok + row.arc__errors + row.arc__unproven).toBeCloseTo(1, 9);
    expect(Object.keys(row).every((key) => key === key.toLowerCase())).toBe(true);
  }
  for (const row of edges) expect(Object.keys(row).sort()).toEqual(Object.keys(edges[0]!).sort());
};

const joined = ({ edges }: NodeGraph): readonly (readonly [string, string, string])[] =>
  edges.map(({ source, target, mainstat }) => [source, target, mainstat]);

describe('of an action', () => {
  test('the chain, the run with who acts in it and what allowed it, and the gateway that saw it', async () => {
    const graph = await graphOf(bySpan(nightly.update));
    expectDrawable(graph);
    const run = `run:${nightly.nightly.id}`;
    expect(joined(graph)).toEqual([
      [spanNodeId(nightly.serve), spanNodeId(nightly.update), 'call'],
      [spanNodeId(nightly.call), spanNodeId(nightly.serve), 'call'],
      [spanNodeId(nightly.job), spanNodeId(nightly.call), 'call'],
      ['principal:k8s://demo/jobs/nightly', run, 'acts in'],
      ['authority:policy:nightly-jobs@3', run, 'allows'],
      [run, spanNodeId(nightly.job), 'run'],
      [spanNodeId(nightly.update), spanNodeId(nightly.seen), 'seen by gateway'],
    ]);
    expect(graph.warnings.join()).toContain('checkpoint');
  });

  test('across traces, and back to what it caused there', async () => {
    const up = await graphOf(bySpan(nightly.work));
    expect(joined(up)).toContainEqual([spanNodeId(nightly.send), spanNodeId(nightly.work), 'message']);
    const down = await graphOf(bySpan(nightly.send));
    expect(joined(down)).toContainEqual([spanNodeId(nightly.send), spanNodeId(nightly.work), 'message']);
  });

  test('every cause of a fan-in', async () => {
    const graph = await graphOf(bySpan(nightly.fanIn));
    expectDrawable(graph);
    expect(joined(graph)).toEqual(
      expect.arrayContaining([
        [spanNodeId(nightly.there), spanNodeId(nightly.fanIn), 'link'],
        [spanNodeId(nightly.nameless), spanNodeId(nightly.fanIn), 'approval'],
      ]),
    );
  });

  test('a handoff, with both runs', async () => {
    const graph = await graphOf(bySpan(nightly.paid));
    expectDrawable(graph);
    expect(joined(graph)).toEqual(
      expect.arrayContaining([
        [`run:${nightly.triage.id}`, `run:${nightly.approval.id}`, 'handoff'],
        ['principal:user:dana@example.com', `run:${nightly.approval.id}`, 'acts in'],
      ]),
    );
  });

  test('a cause that has not arrived', async () => {
    const graph = await graphOf(bySpan(nightly.dangling));
    expectDrawable(graph);
    expect(graph.nodes.map(({ subtitle }) => subtitle)).toContain('has not arrived');
  });

  test('a forged reference is unproven, and names nobody', async () => {
    const [node] = (await graphOf(bySpan(nightly.forged))).nodes;
    expect([node]).toMatchObject([{ detail__assurance: 'refuted', detail__principal: '', arc__unproven: 1 }]);
  });

  test('every action of the graph can be drawn', async () => {
    for (const { row, traceId } of nightly.graph.spans.slice(0, -1)) {
      expectDrawable(await graphOf(bySpan({ traceId, spanId: String((row as { SpanId: string }).SpanId) })));
    }
  });
});

describe('of a run', () => {
  test('by service and operation, with what failed', async () => {
    const graph = await graphOf(`run=${nightly.nightly.id}`);
    expectDrawable(graph);
    const failed = graph.nodes.find(({ arc__errors }) => arc__errors > 0);
    expect(failed).toMatchObject({ mainstat: '1 action', subtitle: 'billing' });
    expect(graph.warnings.join()).toContain('forged');
  });

  test('of which nothing has arrived but its record: who started it', async () => {
    const graph = await graphOf(`run=${nightly.silent.id}`);
    expectDrawable(graph);
    expect(graph.nodes.map(({ id }) => id)).toContain(`run:${nightly.silent.id}`);
  });

  const leaf = (name: string, children: readonly TreeNode[] = []): TreeNode => ({
    action: {
      traceId: newTraceId(),
      spanId: newSpanId(),
      service: 'wide',
      name,
      kind: 'internal',
      startTime: '2026-03-01T03:14:07.000000000Z',
      durationNanos: 1,
      status: 'ok',
      assurance: 'verified',
      witness: 'sdk',
    },
    children,
  });
  const treeOf = (roots: readonly TreeNode[]): RunTree => ({
    run: nightly.nightly as Run,
    roots,
    totals: { actions: 0, errors: 0, runs: 0, services: 0 },
    truncated: false,
    missing: [],
  });

  test('of many operations, the most frequent, and how many are left out', () => {
    const children = Array.from({ length: 700 }, (_, n) => leaf(`operation ${n}`));
    const graph = graphOfRun(treeOf([leaf('root', [...children, leaf('operation 699')])]));
    expectDrawable(graph);
    expect(graph.nodes).toHaveLength(501);
    expect(graph.nodes.at(-1)).toMatchObject({ id: 'more', title: '204 more' });
    expect(graph.nodes.map(({ title }) => title)).toContain('operation 699');
    expect(graph.warnings).toEqual(['204 more nodes are left out.']);
  });

  test('as deep as it may be', () => {
    let tree = leaf('deepest');
    for (let depth = 0; depth < 20_000; depth += 1) tree = leaf(`level ${depth % 3}`, [tree]);
    const graph = graphOfRun(treeOf([tree]));
    expectDrawable(graph);
    expect(graph.nodes).toHaveLength(7);
  });
});

test('the lists are those of the graph', async () => {
  const query = bySpan(nightly.update);
  const graph = await graphOf(query);
  expect((await asked.get<GraphNode[]>(`/v1/who/graph/nodes?${query}`)).body).toEqual(graph.nodes);
  expect((await asked.get<GraphEdge[]>(`/v1/who/graph/edges?${query}`)).body).toEqual(graph.edges);
});

test.each([
  ['', 400, 'bad_parameter'],
  [`?span=${'0'.repeat(15)}1`, 404, 'unknown_span'],
  [`?run=${newRunId()}`, 404, 'unknown_run'],
])('what cannot be answered: %s', async (query, status, code) => {
  for (const path of ['/v1/who/graph', '/v1/who/graph/nodes', '/v1/who/graph/edges']) {
    const got = await asked.get<{ code: string }>(path + query);
    expect([got.status, got.body.code]).toEqual([status, code]);
  }
});

test('an edge to a node that is left out is left out', () => {
  const graph = graphBuilder(1);
  const a = graph.node({ id: 'a', title: 'a' });
  const b = graph.node({ id: 'b', title: 'b' });
  graph.edge(a, b);
  graph.edge(a, 'c');
  expect(graph.graph([])).toMatchObject({ nodes: [{ id: 'a' }, { id: 'more' }], edges: [] });
});
