import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Readers, readersOf } from '../open-readers.ts';
import { insert, run, runRow } from '../records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';

let temporary: TemporaryStore;
let readers: Readers;

/** Ids that are full of what means something in an expression. */
const ids = [
  'a:',
  'a:b',
  'a:b*',
  'a:b_c',
  'a:bxc',
  'a:b%c',
  'a:b.c',
  'a:(b|c)',
  'a:[b]\\d',
  'a:b+c?^$',
  'ä:ö',
  "a:'",
];

beforeAll(async () => {
  temporary = await openTemporaryStore();
  readers = readersOf(temporary.store, 'default');
  await insert(
    temporary.store,
    'runs',
    ids.map((id) => runRow(run({ principal: { id, kind: 'workload' } }))),
  );
});

afterAll(() => temporary?.remove());

/** By the definition: `*` for any characters, anything else for itself. */
const fits = (pattern: string, id: string): boolean => {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === id;
  if (!id.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest.slice(0, -1)) {
    const found = id.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = rest.at(-1)!;
  return id.length - last.length >= at && id.endsWith(last);
};

const pattern = fc
  .array(fc.constantFrom(...ids, '*', '*', 'a:', 'b', '_', '%', '\\', '.'), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(''));

test('whatever the patterns, the first that fits counts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(pattern, { maxLength: 6 }), fc.nat(), async (patterns, seed) => {
      const places = patterns.flatMap((_, index) => ((seed >> index) & 1 ? [index + 1] : []));
      const asked = places.length === 0 ? [0] : places;
      const expected = ids.filter((id) => asked.includes(patterns.findIndex((each) => fits(each, id)) + 1));
      const { principals } = await readers.principals.list({
        filter: { ownership: { patterns, places: asked, declared: false } },
        order: 'id',
        limit: 100,
      });
      expect(principals.map(({ id }) => id).sort()).toEqual([...expected].sort());
    }),
    { numRuns: 40 },
  );
});
