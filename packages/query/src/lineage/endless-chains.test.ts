import type { Run } from '@whence/model';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { ResolverTurns } from '../attribution/resolver.ts';
import { toldBy } from '../bad-input/told.fixture.ts';
import { NODES_MAX } from '../graph/node-graph.ts';
import { routesOf } from '../routes.ts';
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

/** Chains without an end, or as good as without: whoever may send can make them, and every question about them ends. */
const LENGTH = 10_000;
const PRINCIPAL = 'k8s://demo/jobs/endless';
const principal = { id: PRINCIPAL, kind: 'scheduler' } as const;

const chain = <Link>(next: (before: Link | undefined) => Link, length = LENGTH): readonly Link[] => {
  const links: Link[] = [];
  while (links.length < length) links.push(next(links.at(-1)));
  return links;
};

const linking = newRun({ principal });
const links = chain<GraphSpan>((before) =>
  before === undefined ? span(opening(linking)) : span({ ...doneIn(linking), ...causedBy({ by: before }) }),
);

const calling = newRun({ principal });
const parents = chain<GraphSpan>((before) =>
  before === undefined ? span(opening(calling)) : span({ ...doneIn(calling), ...under(before) }),
);

/** Without a reference: whom they are to be attributed to is found out link by link. */
const nameless = chain<GraphSpan>(
  (before) => span(before === undefined ? {} : causedBy({ by: before })),
  3000,
);

const first = newRun({ principal });
const starting = chain<Run>((before) =>
  before === undefined ? first : { ...below(before, { principal }), rootId: first.id, path: [first.id] },
);
const started = starting.map((run) => span(opening(run)));

const own = newRun({ principal });
const itself: Run = { ...own, parentId: own.id, rootId: own.id, path: [own.id] };
const itselfAt = { traceId: newTraceId(), spanId: newSpanId() };
const ownCause: GraphSpan = {
  ...itselfAt,
  row: {
    ...span({ ...opening(itself), ...causedBy({ by: itselfAt }) }).row,
    TraceId: itselfAt.traceId,
    ParentSpanId: itselfAt.spanId,
    SpanId: itselfAt.spanId,
  },
};

const one = newRun({ principal });
const other = newRun({ principal, parentId: one.id, rootId: one.id, path: [one.id] });
const oneBelow: Run = { ...one, parentId: other.id, rootId: other.id, path: [other.id] };
const there = { traceId: newTraceId(), spanId: newSpanId() };
const back = span({ ...opening(oneBelow), ...causedBy({ by: there }) });
const forth: GraphSpan = {
  ...there,
  row: {
    ...span({ ...opening(other), ...causedBy({ by: back }) }).row,
    TraceId: there.traceId,
    SpanId: there.spanId,
  },
};

let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, {
    spans: [...links, ...parents, ...nameless, ...started, ownCause, back, forth],
    runs: [linking, calling, ...starting, itself, oneBelow, other],
  });
});

afterAll(() => asked?.remove());

const routes = routesOf(undefined as never);

// biome-ignore lint/suspicious/noExplicitAny: as the route describes it
const answerOf = async (path: string, parameters: Readonly<Record<string, string>>): Promise<any> => {
  const route = routes.find((each) => each.path === path && each.method === 'get')!;
  const places = Object.keys(route.pathParameters.shape);
  const address = places.reduce(
    (rest, name) => rest.replace(`{${name}}`, encodeURIComponent(parameters[name]!)),
    path,
  );
  const query = new URLSearchParams(Object.entries(parameters).filter(([name]) => !places.includes(name)));
  const response = await fetch(`${asked.service.url}${address}?${query}`);
  const text = await response.text();
  const told = toldBy(route, {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text,
  });
  expect([address, told]).toEqual([address, { status: 'answered' }]);
  return JSON.parse(text);
};

const codesOf = ({ missing }: { missing: readonly { code: string }[] }) => missing.map(({ code }) => code);

interface Node {
  readonly children: readonly Node[];
  readonly omitted?: number;
}

describe.each([
  ['links from trace to trace', linking, links],
  ['parents in one trace', calling, parents],
  ['runs that start runs', first, started],
] as const)('10,000 %s', (_, run, spans) => {
  const last = spans.at(-1)!;

  test('who: up to where it is shown, and said to be cut', async () => {
    const answer = await answerOf('/v1/who', { span: last.spanId, trace: last.traceId });
    expect(answer.chain).toHaveLength(256);
    expect(codesOf(answer)).toContain('chain_truncated');
    expect(answer.principal).toMatchObject({ id: PRINCIPAL });
  });

  test('as a graph: no larger than can be drawn, and a node for the rest', async () => {
    const { nodes } = await answerOf('/v1/who/graph', { run: run.id });
    expect(nodes.length).toBeLessThanOrEqual(NODES_MAX + 1);
  });

  test('the tree: every action is shown, or counted among those that are not', async () => {
    for (const more of [{}, { limit: '10000' }, { depth: '3' }]) {
      const { totals, roots, omitted = 0 } = await answerOf('/v1/runs/{id}/tree', { id: run.id, ...more });
      const shown = (nodes: readonly Node[]): number =>
        nodes.reduce((sum, node) => sum + 1 + (node.omitted ?? 0) + shown(node.children), 0);
      expect([more, totals.actions, shown(roots) + omitted]).toEqual([more, LENGTH, LENGTH]);
    }
  });

  test('the reach', async () => {
    expect((await answerOf('/v1/runs/{id}', { id: run.id })).totals.actions).toBe(LENGTH);
    expect((await answerOf('/v1/runs/{id}/reach', { id: run.id })).totals.actions).toBe(LENGTH);
  });

  test('as Jaeger shows a trace of it', async () => {
    const ofTrace = spans.filter(({ traceId }) => traceId === last.traceId);
    const { data } = await answerOf('/api/traces/{traceID}', { traceID: last.traceId });
    expect(data[0].spans.length).toBeGreaterThanOrEqual(ofTrace.length);
    const { result } = await answerOf('/api/v3/traces/{traceId}', { traceId: last.traceId });
    expect(result.resourceSpans.length).toBeGreaterThan(0);
  });
});

describe.each([
  ['a run that is its own parent, in a span that is its own parent and cause', itself, ownCause, 1],
  ['two runs and two traces that cause each other', oneBelow, back, 2],
] as const)('%s', (_, run, of, length) => {
  test('who: each once, and said to be a circle', async () => {
    const answer = await answerOf('/v1/who', { span: of.spanId, trace: of.traceId });
    expect(answer.chain).toHaveLength(length);
    expect(codesOf(answer)).toContain('cycle');
  });

  test('as a graph, a tree, a reach, a trace', async () => {
    await answerOf('/v1/who/graph', { span: of.spanId, trace: of.traceId });
    await answerOf('/v1/who/graph', { run: run.id });
    const { totals } = await answerOf('/v1/runs/{id}/tree', { id: run.id });
    expect(totals.actions).toBeLessThanOrEqual(length);
    await answerOf('/v1/runs/{id}/reach', { id: run.id });
    await answerOf('/api/traces/{traceID}', { traceID: of.traceId });
    await answerOf('/api/v3/traces/{traceId}', { traceId: of.traceId });
  });
});

test('the reach of the principal of all of them', async () => {
  const reach = await answerOf('/v1/principals/{id}/reach', { id: PRINCIPAL });
  expect(reach.ownRuns.total).toBe(LENGTH + 5);
});

test('links of nobody: whom they are to be attributed to is looked for, and the search ends', async () => {
  const { store } = asked.temporary;
  const turns = new ResolverTurns({ store, logger: pino({ level: 'silent' }), intervalMillis: 1000 });
  while (await turns.turn());
  const of = nameless.at(-1)!;
  const answer = await answerOf('/v1/who', { span: of.spanId, trace: of.traceId });
  expect(answer).not.toHaveProperty('principal');
  expect(codesOf(answer)).toContain('chain_truncated');
});
