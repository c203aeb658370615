import type { Action, Cause, Run } from '@whence/model';
import type { OutlinedAction, RecordedAction } from '@whence/store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { below, newRun } from '../graph.fixture.ts';
import { hang } from './hang.ts';
import type { TreeNode } from './run-tree.ts';
import { type PartAsked, positionOf, shownPart } from './shown-part.ts';
import { nodesOf } from './tree-nodes.ts';

const TRACE = 'a'.repeat(32);
const id = (of: number): string => of.toString(16).padStart(16, '0');

const recorded = (
  of: number,
  action: Partial<Action> = {},
  more: Partial<RecordedAction> = {},
): RecordedAction => ({
  action: {
    traceId: TRACE,
    spanId: id(of),
    name: `span ${of}`,
    kind: 'internal',
    startTime: `2026-03-01T03:14:07.${String(of).padStart(9, '0')}Z`,
    durationNanos: 1,
    status: 'unset',
    assurance: 'verified',
    witness: 'sdk',
    ...action,
  },
  runPath: [],
  links: [],
  conflict: false,
  ...more,
});

/** The tree that a service would show, of levels at most. */
const assembleTree = (
  records: readonly RecordedAction[],
  runs: readonly Run[],
  causes: readonly Cause[],
  depth = Number.POSITIVE_INFINITY,
  limit = Number.POSITIVE_INFINITY,
) => {
  const forest = hang(records, runs, causes);
  const shown = shownPart(forest, { depth, limit })!;
  const same = new Map(records.map((record) => [record as OutlinedAction, record]));
  const roots = nodesOf(shown, same, new Map(runs.map((run) => [run.id, run])), () => 'on');
  return { roots, missing: forest.missing, omitted: forest.places.length - shown.places.length };
};

const flat = (nodes: readonly TreeNode[]): readonly TreeNode[] => {
  const all = [...nodes];
  for (let index = 0; index < all.length; index += 1) all.push(...all[index]!.children);
  return all;
};

/** `1(2 3(4))` */
const shape = (nodes: readonly TreeNode[]): string =>
  nodes
    .map(({ action, children }) => {
      const inside = shape(children);
      return Number.parseInt(action.spanId, 16) + (inside === '' ? '' : `(${inside})`);
    })
    .join(' ');

const codes = (missing: readonly { readonly code: string }[]): readonly string[] =>
  missing.map(({ code }) => code);

describe('where an action hangs', () => {
  const root = newRun();
  const nested = below(root);
  const opens = (of: number, run: Run, action: Partial<Action> = {}) =>
    recorded(of, { runId: run.id, rootRunId: run.rootId, ...action }, { opensRunId: run.id });
  const acts = (of: number, run: Run, action: Partial<Action> = {}) =>
    recorded(of, { runId: run.id, rootRunId: run.rootId, ...action });

  test('under its parent span, by start time', () => {
    const { roots, missing } = assembleTree(
      [
        acts(9, root, { parentSpanId: id(1) }),
        acts(3, root, { parentSpanId: id(1) }),
        opens(1, root),
        acts(4, root, { parentSpanId: id(3) }),
      ],
      [root],
      [],
    );
    expect(shape(roots)).toBe('1(3(4) 9)');
    expect(roots[0]?.run).toEqual(root);
    expect(missing).toEqual([]);
  });

  test('under what a link names, a kind before none', () => {
    const effect = { traceId: 'b'.repeat(32), spanId: id(5) };
    const by = (of: number) => ({ traceId: TRACE, spanId: id(of) });
    const { roots } = assembleTree(
      [opens(1, root), acts(2, root, { parentSpanId: id(1) }), acts(5, root, effect)],
      [root],
      [
        { kind: 'link', cause: by(1), effect },
        { kind: 'message', cause: by(99), effect },
        { kind: 'handoff', cause: by(2), effect },
      ],
    );
    expect(shape(roots)).toBe('1(2(5))');
    expect(roots[0]?.children[0]?.children[0]?.causedBy).toBe('handoff');
  });

  test('under the parent run, where it opens one', () => {
    const { roots } = assembleTree([opens(1, root), opens(2, nested)], [root, nested], []);
    expect(shape(roots)).toBe('1(2)');
    expect(roots[0]?.children[0]).toMatchObject({ causedBy: 'spawn', run: nested });
  });

  test("under the parent run's first action, where its opening span is not there", () => {
    const { roots } = assembleTree([acts(1, root), acts(2, root), opens(3, nested)], [root, nested], []);
    expect(shape(roots)).toBe('1(3) 2');
  });

  test('under a checked opening span before a claimed one, whichever says it began first', () => {
    const claimed = opens(1, root, { assurance: 'asserted' });
    const { roots } = assembleTree([claimed, opens(2, root), acts(3, root)], [root], []);
    expect(shape(roots)).toBe('2(1 3)');
  });

  test('under the grandparent run, where the parent did nothing', () => {
    const third = below(nested);
    const { roots } = assembleTree([opens(1, root), opens(3, third)], [root, nested, third], []);
    expect(shape(roots)).toBe('1(3)');
  });

  test('under the opening span of its run, where its parent is missing: said once for all its children', () => {
    const { roots, missing } = assembleTree(
      [opens(1, root), acts(2, root, { parentSpanId: id(77) }), acts(3, root, { parentSpanId: id(77) })],
      [root],
      [],
    );
    expect(shape(roots)).toBe('1(2 3)');
    expect(codes(missing)).toEqual(['parent_missing']);
    expect(missing[0]?.detail).toContain(id(77));
    expect(missing[0]?.detail).toContain('2 actions');
  });

  test('what opens the topmost run may have a parent elsewhere', () => {
    expect(assembleTree([opens(2, nested, { parentSpanId: id(1) })], [nested], []).missing).toEqual([]);
    expect(
      codes(assembleTree([opens(2, nested, { parentSpanId: id(1) })], [root, nested], []).missing),
    ).toEqual(['parent_missing']);
  });

  test('cycles are cut at what began first', () => {
    const { roots, missing } = assembleTree(
      [
        acts(3, root, { parentSpanId: id(2) }),
        acts(2, root, { parentSpanId: id(3) }),
        acts(4, root, { parentSpanId: id(4) }),
        acts(5, root, { parentSpanId: id(3) }),
      ],
      [root],
      [],
    );
    expect(shape(roots)).toBe('2(3(5)) 4');
    expect(codes(missing)).toEqual(['parent_missing', 'cycle', 'cycle'].slice(1));
  });

  test('a run that is its own parent does no harm', () => {
    const loop = { ...newRun(), parentId: root.id };
    const other = { ...root, parentId: loop.id };
    const { roots } = assembleTree([acts(1, loop), acts(2, other)], [loop, other], []);
    expect(flat(roots)).toHaveLength(2);
  });

  test('depth leaves out, and says how many', () => {
    const { roots, omitted } = assembleTree(
      [1, 2, 3, 4, 5].map((of) => acts(of, root, of === 1 ? {} : { parentSpanId: id(Math.max(1, of - 2)) })),
      [root],
      [],
      2,
    );
    expect(shape(roots)).toBe('1(2 3)');
    expect(omitted).toBe(2);
    expect(flat(roots).map((node) => node.omitted)).toEqual([undefined, 1, 1]);
  });

  test('as deep as it is long', () => {
    const chain = Array.from({ length: 50_000 }, (_, of) =>
      acts(of, root, of === 0 ? {} : { parentSpanId: id(of - 1) }),
    );
    expect(assembleTree(chain, [root], [], 256).omitted).toBe(50_000 - 256);
    expect(assembleTree(chain, [root], []).omitted).toBe(0);
  });
});

describe('whatever the records say', () => {
  const runs = fc.array(fc.record({ parent: fc.option(fc.nat(4), { nil: undefined }) }), {
    minLength: 5,
    maxLength: 5,
  });
  const actions = fc.array(
    fc.record({
      span: fc.nat(12),
      trace: fc.nat(1),
      parent: fc.option(fc.nat(14), { nil: undefined }),
      run: fc.option(fc.nat(4), { nil: undefined }),
      opens: fc.boolean(),
      link: fc.option(fc.tuple(fc.nat(1), fc.nat(14)), { nil: undefined }),
    }),
    { maxLength: 20 },
  );
  const traceOf = (of: number): string => String(of).repeat(32);

  test('every action appears exactly once, and every node below what caused it', () => {
    const ids = Array.from({ length: 5 }, () => newRun().id);
    fc.assert(
      fc.property(actions, runs, fc.integer({ min: 1, max: 6 }), (drawn, runsDrawn, depth) => {
        const records = drawn.map(({ span, trace, parent, run, opens }) =>
          recorded(
            span,
            {
              traceId: traceOf(trace),
              ...(parent === undefined ? {} : { parentSpanId: id(parent) }),
              ...(run === undefined ? {} : { runId: ids[run]! }),
            },
            opens && run !== undefined ? { opensRunId: ids[run]! } : {},
          ),
        );
        const causes = drawn.flatMap(({ link, span, trace }) =>
          link === undefined
            ? []
            : [
                {
                  kind: 'message' as const,
                  cause: { traceId: traceOf(link[0]), spanId: id(link[1]) },
                  effect: { traceId: traceOf(trace), spanId: id(span) },
                },
              ],
        );
        const known = runsDrawn.map(({ parent }, index) =>
          newRun({ id: ids[index]!, ...(parent === undefined ? {} : { parentId: ids[parent]! }) }),
        );
        const whole = assembleTree(records, known, causes);
        const nodes = flat(whole.roots).map(({ action }) => action);
        expect(nodes).toHaveLength(records.length);
        expect(new Set(nodes)).toEqual(new Set(records.map(({ action }) => action)));

        const cut = assembleTree(records, known, causes, depth);
        expect(flat(cut.roots).length + cut.omitted).toBe(records.length);
        expect(flat(cut.roots).reduce((sum, node) => sum + (node.omitted ?? 0), 0)).toBe(cut.omitted);
      }),
      { numRuns: 500 },
    );
  });

  test('by the page every action is given exactly once, whatever fits on one', () => {
    const grown = fc.array(fc.nat(), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(
        grown,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 2, max: 5 }),
        (above, limit, depth) => {
          // A few roots; every later action hangs below an earlier one, most of them below the first.
          const records = above.map((cause, of) => {
            const parent = of % 3 === 0 ? 0 : cause % Math.max(1, of);
            return recorded(of, of % 50 === 0 ? {} : { parentSpanId: id(parent) });
          });
          const forest = hang(records, [], []);
          const given = new Map<string, number>();
          const open: PartAsked[] = [{ limit, depth }];
          for (let part = open.pop(); part !== undefined; part = open.pop()) {
            const shown = shownPart(forest, part)!;
            expect(shown.places.length).toBeLessThanOrEqual(limit + Number(part.branch !== undefined));
            for (const place of shown.places) {
              const { spanId, traceId } = place.item.action;
              if (spanId !== part.branch?.spanId) given.set(spanId, (given.get(spanId) ?? 0) + 1);
              const list = shown.below.get(place)!;
              const last = list.places.at(-1);
              if (list.omitted > 0) {
                const at = { limit, depth, branch: { traceId, spanId } };
                open.push(last === undefined ? at : { ...at, after: positionOf(last) });
              }
            }
            const lastRoot = shown.roots.places.at(-1);
            if (part.branch === undefined && shown.roots.omitted > 0) {
              open.push({ limit, depth, after: positionOf(lastRoot!) });
            }
          }
          expect(given.size).toBe(records.length);
          expect([...given.values()].every((times) => times === 1)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
