import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shapeOf } from './trace-shape.ts';

const place = (spanId: string, parentSpanId?: string, isMark = false) => ({
  spanId,
  ...(parentSpanId === undefined ? {} : { parentSpanId }),
  startNanos: 0n,
  isMark,
});

test('tops are what has no parent here', () => {
  const { tops } = shapeOf('t', { places: [place('a'), place('b', 'a'), place('c', 'lost')] });
  expect(tops.map(({ spanId }) => spanId)).toEqual(['a', 'c']);
});

test('a circle is cut where it began first', () => {
  const shape = shapeOf('t', {
    places: [place('a', 'c'), place('b', 'a'), place('c', 'b'), place('d', 'c')],
  });
  expect(shape.tops.map(({ spanId }) => spanId)).toEqual(['a']);
  expect(['a', 'b', 'c', 'd'].filter(shape.isCut)).toEqual(['a']);
  expect(shapeOf('t', { places: [place('a', 'a')] }).isCut('a')).toBe(true);
});

test('marks of open spans are no spans', () => {
  const shape = shapeOf('t', { places: [place('m', 'a', true), place('b', 'm')] });
  expect([...shape.spanIds]).toEqual(['b']);
});

test('what is left out is counted', () => {
  expect(shapeOf('t', { places: [place('a')], records: 7 }).leftOut).toEqual({ records: 6, of: 7 });
});

const SPANS = fc.array(fc.record({ id: fc.nat(30), parent: fc.option(fc.nat(30), { nil: undefined }) }), {
  minLength: 1,
  maxLength: 40,
});

test('whatever the parents are, every span is reached from a top, and no reference drawn makes a circle', () => {
  fc.assert(
    fc.property(SPANS, fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 20 }), (spans, links) => {
      const places = spans.map(({ id, parent }) =>
        place(`s${id}`, parent === undefined ? undefined : `s${parent}`),
      );
      const shape = shapeOf('t', { places });
      const above = new Map<string, string>();
      for (const { spanId, parentSpanId } of places) {
        if (parentSpanId === undefined || shape.isCut(spanId) || !shape.spanIds.has(parentSpanId)) continue;
        if (!above.has(spanId)) above.set(spanId, parentSpanId);
      }
      for (const [from, to] of links) {
        const [spanId, wanted] = [`s${from}`, `s${to}`];
        if (!shape.spanIds.has(spanId) || !shape.spanIds.has(wanted)) continue;
        if (shape.mayHangBelow(spanId, wanted) && !above.has(spanId)) above.set(spanId, wanted);
      }
      for (const start of shape.spanIds) {
        const passed = new Set<string>();
        for (let at: string | undefined = start; at !== undefined; at = above.get(at)) {
          expect(passed.has(at)).toBe(false);
          passed.add(at);
        }
      }
    }),
  );
});
