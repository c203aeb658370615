import { newRunId } from '@whence/model';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../open.ts';
import { type Readers, readersOf } from '../open-readers.ts';
import { doneIn, doneInUnknown, hexId, insert, run, runRow, span, TRACE } from '../records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';

let temporary: TemporaryStore;
let store: Store;
let readers: Readers;

beforeAll(async () => {
  temporary = await openTemporaryStore();
  store = temporary.store;
  readers = readersOf(store, 'default');
});

afterAll(() => temporary?.remove());

beforeEach(() => temporary.clear());

describe('a run', () => {
  test('round trip: started, then ended', async () => {
    const started = run();
    await insert(store, 'runs', [runRow(started)]);
    expect(await readers.runs.byId(started.id)).toEqual({ run: started, disputed: false });

    const ended = {
      ...started,
      endedAt: '2026-03-01T03:20:00.250Z',
      outcome: 'failure',
      message: 'no',
    } as const;
    await insert(store, 'runs', [runRow(ended)]);
    expect(await readers.runs.byId(started.id)).toEqual({ run: ended, disputed: false });
  });

  test('a verified record outranks an asserted one, whichever came first', async () => {
    const real = run();
    const lie = run({
      ...real,
      assurance: 'asserted',
      principal: { id: 'user:mallory@x.example', kind: 'human' },
    });
    await insert(store, 'runs', [
      runRow(lie, { ReceivedAt: '2026-03-01 03:13:00.000' }),
      runRow(real),
      runRow({ ...lie, endedAt: '2026-03-01T03:14:01.000Z', outcome: 'success' }),
    ]);
    expect(await readers.runs.byId(real.id)).toEqual({ run: real, disputed: true });
  });

  test('many by id, none by an unknown one', async () => {
    const many = Array.from({ length: 450 }, () => run());
    await insert(
      store,
      'runs',
      many.map((each) => runRow(each)),
    );
    const found = await readers.runs.byIds([...many.map(({ id }) => id), newRunId()]);
    expect(found.size).toBe(450);
    expect(await readers.runs.byId(newRunId())).toBeUndefined();
  });

  test('runs below and children, oldest first, a lie about the root left out', async () => {
    const root = run();
    const child = run({
      rootId: root.id,
      parentId: root.id,
      path: [root.id],
      startedAt: '2026-03-01T03:14:01.000Z',
    });
    const grandchild = run({
      rootId: root.id,
      parentId: child.id,
      path: [root.id, child.id],
      startedAt: '2026-03-01T03:14:02.000Z',
    });
    const elsewhere = run();
    const lie = { ...elsewhere, assurance: 'asserted', rootId: root.id, parentId: root.id } as const;
    await insert(
      store,
      'runs',
      [grandchild, child, root, elsewhere, lie].map((each) => runRow(each)),
    );
    const below = await readers.runs.below(root, 10);
    expect(below).toMatchObject({
      truncated: false,
      runs: [{ run: root }, { run: child }, { run: grandchild }],
    });
    expect((await readers.runs.below(child, 10)).runs).toMatchObject([{ run: child }, { run: grandchild }]);
    expect((await readers.runs.children(root, 10)).runs).toMatchObject([{ run: child }]);
    expect(await readers.runs.below(root, 2)).toMatchObject({ truncated: true, runs: [{}, {}] });
  });

  test('far below are found although they know their nearest 64 ancestors alone', async () => {
    const root = run();
    const chain = [root];
    for (let depth = 1; depth <= 200; depth += 1) {
      const parent = chain.at(-1)!;
      chain.push(
        run({
          rootId: root.id,
          parentId: parent.id,
          path: [...parent.path, parent.id].slice(-64),
          startedAt: new Date(Date.parse('2026-03-01T03:14:00.000Z') + depth).toISOString(),
        }),
      );
    }
    await insert(
      store,
      'runs',
      chain.map((one) => runRow(one)),
    );
    await insert(
      store,
      'otel_traces',
      chain.map((one, depth) =>
        span(TRACE, hexId(16, depth), depth % 50 === 0 ? doneInUnknown(one.id) : doneIn(one)),
      ),
    );
    const third = chain[2]!;
    const below = await readers.runs.below(third, 1000);
    expect(below.runs.map((found) => found.run.id)).toEqual(chain.slice(2).map(({ id }) => id));
    const { records } = await readers.actions.below(third, 1000);
    expect(records.map(({ action }) => action.runId)).toEqual(chain.slice(2).map(({ id }) => id));
    expect(await readers.actions.totalsBelow(third)).toMatchObject({ actions: 199, runs: 199 });
    const byRun = await readers.actions.totalsByRun(third);
    expect([...byRun.keys()].sort()).toEqual(
      chain
        .slice(2)
        .map(({ id }) => id)
        .sort(),
    );
    expect(byRun.get(chain[100]!.id)).toEqual({ actions: 1, errors: 0, services: 1, refuted: 0 });
  });
});
