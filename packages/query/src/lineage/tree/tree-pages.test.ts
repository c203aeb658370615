import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskedService, startAskedService } from '../../asked-service.fixture.ts';
import {
  below,
  doneIn,
  type GraphSpan,
  insertGraph,
  newRun,
  opening,
  span,
  under,
} from '../graph.fixture.ts';
import type { RunTree, TreeNode } from './run-tree.ts';

/** A run that fans out: 110 calls below the first action, each with what it caused, and a chain of 262. */
const WIDE = 110;
const DEEP = 262;
const root = newRun({ job: 'fan-out' });
const nested = below(root);
const spans: GraphSpan[] = [span(opening(root))];
const add = (columns: Readonly<Record<string, unknown>>): GraphSpan => {
  const made = span(columns);
  spans.push(made);
  return made;
};
for (let at = 0; at < WIDE; at += 1) {
  const call = add({ ...doneIn(root), ...under(spans[0]!) });
  const served = add({ ...doneIn(root), ...under(call), StatusCode: at % 10 === 0 ? 'Error' : 'Ok' });
  if (at % 4 === 0) add({ ...doneIn(root), ...under(served) });
}
let last = add({ ...opening(nested), ...under(spans[0]!) });
for (let at = 1; at < DEEP; at += 1) last = add({ ...doneIn(nested), ...under(last) });
/** Their parents never came, and they name no run that opened: they stand at the root. */
const strays = Array.from({ length: 20 }, () => newRun({ rootId: root.id, path: [root.id] }));
for (const stray of strays) add({ ...doneIn(stray) });

let asked: AskedService;

beforeAll(async () => {
  asked = await startAskedService();
  await insertGraph(asked.temporary.store, { spans, runs: [root, nested, ...strays] });
});

afterAll(() => asked?.remove());

const tree = async (address: string): Promise<RunTree> => {
  const { status, body } = await asked.get<RunTree>(address);
  expect([address, status]).toEqual([address, 200]);
  return body;
};

const nodesIn = (nodes: readonly TreeNode[]): readonly TreeNode[] => {
  const all = [...nodes];
  for (let index = 0; index < all.length; index += 1) all.push(...all[index]!.children);
  return all;
};

/** Every span that is reached by following `more` from an answer on, and how often it was given. */
const crawl = async (address: string): Promise<ReadonlyMap<string, number>> => {
  const given = new Map<string, number>();
  const open = [address];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const answer = await tree(next);
    const asked = new URL(next, 'http://localhost').searchParams.get('span');
    for (const { action, more } of nodesIn(answer.roots)) {
      // The action that a branch was asked by was given before.
      if (action.spanId !== asked) given.set(action.spanId, (given.get(action.spanId) ?? 0) + 1);
      if (more !== undefined) open.push(more);
    }
    if (answer.more !== undefined) open.push(answer.more);
  }
  return given;
};

describe('a tree that does not fit', () => {
  test('is whole where it may be', async () => {
    const { roots, truncated, totals } = await tree(`/v1/runs/${root.id}/tree?depth=256&limit=10000`);
    expect(totals.actions).toBe(spans.length);
    expect(roots[0]?.below).toEqual({ actions: spans.length - 21, errors: WIDE / 10, runs: 1 });
    // A chain of 262 is deeper than 256 levels.
    expect(truncated).toBe(true);
    expect(nodesIn(roots)).toHaveLength(spans.length - (DEEP - 255));
  });

  test('shows the upper levels, at most 100 of a branch, and counts what is left out', async () => {
    const answer = await tree(`/v1/runs/${root.id}/tree?limit=200`);
    const [first] = answer.roots;
    expect(first?.children).toHaveLength(100);
    expect(answer.truncated).toBe(true);
    const shown = nodesIn(answer.roots);
    expect(shown.length).toBeLessThanOrEqual(200);
    const omitted = shown.reduce((sum, node) => sum + (node.omitted ?? 0), answer.omitted ?? 0);
    expect(shown.length + omitted).toBe(spans.length);
  });

  test('gives every action exactly once', async () => {
    const given = await crawl(`/v1/runs/${root.id}/tree?limit=400`);
    expect(given.size).toBe(spans.length);
    expect([...given.values()].every((times) => times === 1)).toBe(true);
  });

  test('a cursor leads on in its own branch only', async () => {
    const { more, roots } = await tree(`/v1/runs/${root.id}/tree?limit=20`);
    const elsewhere = `${more}&trace=${roots[0]?.action.traceId}&span=${roots[0]?.action.spanId}`;
    expect(await asked.get(elsewhere)).toMatchObject({ status: 400, body: { field: 'cursor' } });
    expect(
      await asked.get(
        `/v1/runs/${nested.id}/tree?cursor=${new URL(more!, 'http://x').searchParams.get('cursor')}`,
      ),
    ).toMatchObject({ status: 400, body: { field: 'cursor' } });
  });

  test('a branch that is not there', async () => {
    const address = `/v1/runs/${root.id}/tree?trace=${'9'.repeat(32)}&span=${'9'.repeat(16)}`;
    expect(await asked.get(address)).toMatchObject({ status: 404, body: { code: 'unknown_span' } });
    expect(await asked.get(`/v1/runs/${root.id}/tree?span=${'9'.repeat(16)}`)).toMatchObject({
      status: 400,
      body: { field: 'trace' },
    });
  });
});
