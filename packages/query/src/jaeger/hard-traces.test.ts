import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../asked-service.fixture.ts';
import { insertGraph } from '../lineage/graph.fixture.ts';
import {
  drawnByJaegerUi,
  type FirstAnswer,
  type FirstTrace,
  rowsOfGrafana,
} from './as-viewers-draw.fixture.ts';
import * as hard from './hard-graph.fixture.ts';

/** Traces that are joined to others, and traces that are hard to draw. */
let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, hard.hardGraph);
});

afterAll(() => asked?.remove());

interface Node {
  readonly traceId: string;
  readonly spanId: string;
}

const traceOf = async ({ traceId }: Node): Promise<FirstTrace> => {
  const { body } = await asked.get<FirstAnswer>(`/api/traces/${traceId}`);
  expect(body.data).toHaveLength(1);
  return body.data[0]!;
};

const spanOf = async (node: Node) => {
  const span = (await traceOf(node)).spans.find(({ spanID }) => spanID === node.spanId)!;
  return { ...span, named: Object.fromEntries(span.tags.map(({ key, value }) => [key, value])) };
};

const followsFrom = ({ traceId, spanId }: Node) => ({
  refType: 'FOLLOWS_FROM',
  traceID: traceId,
  spanID: spanId,
});

const childOf = ({ traceId, spanId }: Node) => ({ refType: 'CHILD_OF', traceID: traceId, spanID: spanId });

describe('between traces', () => {
  test('a link leads to the cause', async () => {
    expect((await spanOf(hard.receive)).references).toEqual([followsFrom(hard.send)]);
  });

  test('and back to the effect, which is told apart', async () => {
    const { references, named } = await spanOf(hard.send);
    expect(references).toEqual([childOf(hard.top), followsFrom(hard.receive)]);
    expect(named['whence.caused']).toBe(`${hard.receive.traceId}/${hard.receive.spanId} (message)`);
  });

  test("a run's record leads to what started it, and back", async () => {
    expect((await spanOf(hard.child)).references).toEqual([followsFrom(hard.top)]);
    const { references, named } = await spanOf(hard.top);
    expect(references).toEqual([followsFrom(hard.child)]);
    expect(named['whence.caused']).toBe(`${hard.child.traceId}/${hard.child.spanId} (handoff)`);
  });

  test('a reference to the run alone leads to the span that opens it', async () => {
    expect((await spanOf(hard.loose)).references).toEqual([followsFrom(hard.top)]);
  });

  test('OTLP tells the direction', async () => {
    const { body } = await asked.get<{ result: { resourceSpans: never } }>(
      `/api/v3/traces/${hard.send.traceId}`,
    );
    const text = JSON.stringify(body);
    const link = (to: Node, by: string, kind: string) =>
      JSON.stringify({
        traceId: to.traceId,
        spanId: to.spanId,
        attributes: [
          { key: 'whence.link', value: { stringValue: by } },
          { key: 'whence.cause', value: { stringValue: kind } },
        ],
      });
    expect(text).toContain(link(hard.receive, 'effect', 'message'));
    expect(text).toContain(link(hard.child, 'effect', 'handoff'));
    expect(JSON.stringify((await asked.get(`/api/v3/traces/${hard.child.traceId}`)).body)).toContain(
      link(hard.top, 'cause', 'handoff'),
    );
  });
});

describe('what a span holds', () => {
  test('everything that was sent, what the record says, and claims as claims', async () => {
    const { processes } = await traceOf(hard.full);
    expect(processes).toEqual({
      p1: {
        serviceName: 'OTLPResourceNoServiceName',
        tags: [
          { key: 'a.first', type: 'string', value: '1' },
          { key: 'host.name', type: 'string', value: 'h1' },
        ],
      },
    });
    const { named, ...span } = await spanOf(hard.full);
    expect(span).toMatchObject({ startTime: 1_772_334_847_123_456, duration: 1_234 });
    expect(span.logs).toEqual([
      {
        timestamp: 1_772_334_847_123_999,
        fields: [
          { key: 'event', type: 'string', value: 'exception' },
          { key: 'exception.type', type: 'string', value: 'PaperError' },
        ],
      },
    ]);
    expect(span.tags.map(({ key }) => key)).toEqual([
      ...['otel.scope.name', 'otel.scope.version', 'empty', 'http.method'],
      ...['claimed.whence.principal.id', 'claimed.whence.witness'],
      ...['span.kind', 'otel.status_code', 'error', 'otel.status_description', 'w3c.tracestate'],
      ...['whence.principal.id', 'whence.principal.kind', 'whence.run.id', 'whence.run.root.id'],
      ...['whence.authority.id', 'whence.assurance', 'whence.actor', 'whence.witness'],
    ]);
    expect(named).toMatchObject({
      'claimed.whence.principal.id': 'user:ceo@example.com',
      'whence.principal.id': 'k8s://demo/jobs/nightly',
      'claimed.whence.witness': 'gateway',
      'whence.witness': 'sdk',
      'whence.actor': 'spiffe://demo/printer',
      'otel.status_description': 'out of paper',
      'w3c.tracestate': 'whence=x,other=y',
      empty: '',
    });
  });

  test('and all of it is found by', async () => {
    const found = async (tags: object) => {
      const query = `start=1&service=OTLPResourceNoServiceName&tags=${encodeURIComponent(JSON.stringify(tags))}`;
      const { body } = await asked.get<FirstAnswer>(`/api/traces?${query}`);
      return body.data.map(({ traceID }) => traceID);
    };
    for (const tags of [
      { 'http.method': 'POST' },
      { empty: '' },
      { 'host.name': 'h1' },
      { 'exception.type': 'PaperError' },
      { 'otel.scope.name': 'printer', 'otel.scope.version': '2.1' },
      { 'otel.status_description': 'out of paper' },
      { 'w3c.tracestate': 'whence=x,other=y' },
      { 'claimed.whence.principal.id': 'user:ceo@example.com' },
    ]) {
      expect([tags, await found(tags)]).toEqual([tags, [hard.full.traceId]]);
    }
    expect(await found({ 'whence.principal.id': 'user:ceo@example.com' })).toEqual([]);
    expect(await found({ absent: '' })).toEqual([]);
  });

  test('a trace of 64 bits by its short id', async () => {
    const id = hard.short.traceId.slice(16);
    const { body } = await asked.get<FirstAnswer>(`/api/traces/${id}`);
    expect(body.data[0]).toMatchObject({ traceID: id, spans: [{ traceID: id }] });
  });
});

describe('what is missing or contradictory', () => {
  test.each([
    ['a parent that has not arrived', hard.orphan, 'parent_missing', `span ${hard.lost}, has not arrived`],
    ['a forged reference', hard.forged, 'refuted', 'forged or damaged'],
    ['contents that contradict each other', hard.twofold, 'conflict', 'different records of span'],
  ])('%s is a warning', async (_what, node, code, words) => {
    const { named, warnings } = await spanOf(node);
    expect(named['whence.missing']?.toString().split(', ')).toContain(code);
    expect(warnings?.join()).toContain(words);
  });

  test('a forged reference names nobody', async () => {
    const { named } = await spanOf(hard.forged);
    expect(named).toMatchObject({ 'whence.assurance': 'refuted' });
    expect(Object.keys(named)).not.toContain('whence.run.id');
    expect(Object.keys(named)).not.toContain('whence.principal.id');
  });

  test('no reference is told by its assurance, and is no warning', async () => {
    const { named, warnings } = await spanOf(hard.nameless);
    expect(named).toMatchObject({ 'whence.assurance': 'none', 'whence.missing': 'no_reference' });
    expect(warnings).toBeNull();
  });

  test('contradicting records are both there, and what was delivered twice is there once', async () => {
    expect((await traceOf(hard.twofold)).spans).toHaveLength(2);
    expect((await traceOf(hard.twice)).spans).toHaveLength(1);
  });

  test('what has not ended is marked, what has ended is not', async () => {
    const { spans } = await traceOf(hard.ended);
    expect(spans.map(({ operationName }) => operationName)).toEqual(['ended', `open ${hard.openSpan}`]);
    expect(spans[1]!.warnings?.join()).toContain('had not ended');
  });
});

describe('as it is drawn', () => {
  test('a circle is cut, and all of it is shown', async () => {
    const trace = await traceOf(hard.circle[0]);
    const [first, second, third] = hard.circle;
    expect([...drawnByJaegerUi(trace)]).toEqual([
      [first.spanId, 0],
      [second.spanId, 1],
      [third.spanId, 2],
    ]);
    expect(trace.spans[0]!.warnings?.join()).toContain('lies below it');
  });

  test('links that would make a circle, or lead astray, are left out and told', async () => {
    const trace = await traceOf(hard.linking);
    expect([...drawnByJaegerUi(trace)]).toEqual([
      [hard.linking.spanId, 0],
      [hard.linked.spanId, 1],
    ]);
    const [root] = trace.spans;
    expect(root!.references).toEqual([followsFrom(hard.nameless)]);
    expect(root!.warnings?.join()).toContain('3 of its references are left out');
  });

  test('every trace is drawn whole', async () => {
    for (const { traceId, spanId } of hard.hardGraph.spans) {
      if (spanId === hard.hardGraph.spans.at(-1)!.spanId) continue;
      const trace = await traceOf({ traceId, spanId });
      const ids = new Set(trace.spans.map(({ spanID }) => spanID));
      expect(new Set(drawnByJaegerUi(trace).keys())).toEqual(ids);
    }
  });

  test("Grafana's rows", async () => {
    const rows = rowsOfGrafana(await traceOf(hard.send));
    expect(rows).toMatchObject([
      {
        spanID: hard.top.spanId,
        parentSpanID: undefined,
        serviceName: 'alpha',
        startMillis: 1_772_334_847_001,
      },
      { spanID: hard.send.spanId, parentSpanID: hard.top.spanId, references: [followsFrom(hard.receive)] },
    ]);
  });
});

test("nothing of another tenant's", async () => {
  const other = hard.hardGraph.spans.at(-1)!;
  expect((await asked.get(`/api/traces/${other.traceId}`)).status).toBe(404);
  expect((await asked.get(`/api/traces?traceID=${other.traceId}`)).body).toMatchObject({ data: [] });
  for (const path of ['/api/services', '/api/v3/services', '/api/operations?service=not%20yours']) {
    expect((await asked.get(path)).text).not.toMatch(/not yours|secret/);
  }
});
