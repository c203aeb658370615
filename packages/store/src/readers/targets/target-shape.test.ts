import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readersOf } from '../open-readers.ts';
import { doneIn, hexId, insert, run, runRow, span, TRACE } from '../records.fixture.ts';
import { openTemporaryStore, type TemporaryStore } from '../temporary-store.fixture.ts';
import { isShape, shapeOf } from './target-shape.ts';

let temporary: TemporaryStore;

beforeAll(async () => {
  temporary = await openTemporaryStore();
});

afterAll(() => temporary?.remove());

const asked = async <Row>(
  query: string,
  parameters: Record<string, unknown> = {},
): Promise<readonly Row[]> => {
  const { store } = temporary;
  return (await store.client.query({ query, query_params: parameters, format: 'JSONEachRow' })).json();
};

const shapesOf = async (targets: readonly string[]): Promise<readonly string[]> => {
  const rows = await asked<{ Shape: string }>(
    `SELECT ${shapeOf('Target')} AS Shape FROM (SELECT arrayJoin({targets:Array(String)}) AS Target)`,
    { targets },
  );
  return rows.map(({ Shape }) => Shape);
};

const SHAPES: readonly (readonly [target: string, shape: string])[] = [
  ['https://api.shop/v1/customers/4711', 'https://api.shop/v1/customers/{id}'],
  ['https://api.shop/v1/customers/4711/cards/2', 'https://api.shop/v1/customers/{id}/cards/{id}'],
  ['https://api.shop/v1/customers/4711.json', 'https://api.shop/v1/customers/{id}.json'],
  ['https://api.shop/v1/customers/cus_9s6XKzkNRiz8i3', 'https://api.shop/v1/customers/{id}'],
  ['https://api.shop/files/01ARZ3NDEKTSV4RRFFQ69G5FAV', 'https://api.shop/files/{id}'],
  ['http://10.0.0.7:8080/2026/11/part-7-20261123.csv', 'http://10.0.0.7:8080/{id}/{id}/part-7-{id}.csv'],
  ['https://s3/b/0b7c2f0e-3a51-4f0c-9d5b-0f6f3f9b1a10.gz', 'https://s3/b/{id}.gz'],
  [
    'https://k8s/apis/batch/v1/namespaces/a/jobs/nightly-29123456',
    'https://k8s/apis/batch/v1/namespaces/a/jobs/nightly-{id}',
  ],
  ['https://api.shop/größe/42', 'https://api.shop/größe/{id}'],
  ...[
    'https://api.shop',
    'https://api.shop:8443/oauth2/token',
    'https://k8s/api/v1/namespaces/a/pods/web-7d9f8b6c5-x2x9z',
    'https://api.shop/getCustomerByEmailV2',
    'https://api.shop/customers/{id}',
    'https://123456789.dkr.ecr.aws/v2/',
    'postgresql://db:5432/bank/ledger_2026',
    'redis://cache:6379/0',
    'kafka://broker/orders.123456789',
    'tool:lookup',
    '',
  ].map((target) => [target, target] as const),
];

describe('the shape of a target', () => {
  test('has no ids', async () => {
    expect(await shapesOf(SHAPES.map(([target]) => target))).toEqual(SHAPES.map(([, shape]) => shape));
  });

  test('is what the views count by, with one target as an example', async () => {
    await temporary.clear();
    await insert(
      temporary.store,
      'otel_traces',
      SHAPES.map(([Target], index) =>
        span(TRACE, hexId(16, index + 1), { Target, Operation: `op ${index}` }),
      ),
    );
    const counted = await asked<{ Operation: string; Target: string; Example: string }>(
      'SELECT Operation, Target, Example FROM footprints',
    );
    const inOrder = counted.toSorted((a, b) => Number(a.Operation.slice(3)) - Number(b.Operation.slice(3)));
    expect(inOrder.map(({ Target, Example }) => [Target, Example])).toEqual(
      SHAPES.map(([target, shape]) => [shape, target === shape ? '' : target]),
    );
    const totals = await asked<{ Target: string }>('SELECT DISTINCT Target FROM target_totals');
    expect(new Set(totals.map(({ Target }) => Target))).toEqual(
      new Set(SHAPES.map(([, shape]) => shape).filter((shape) => shape !== '')),
    );
  });

  test('of whatever URL: the view and the readers agree, and a shape is its own', async () => {
    const part = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9_.{}~-]{0,24}$/),
      fc.nat().map(String),
      fc.uuid(),
      fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[/\0]/g, '')),
    );
    const urls = fc.sample(
      fc
        .tuple(
          fc.constantFrom('http', 'https', 'httpx', 'mysql'),
          fc.domain(),
          fc.array(part, { maxLength: 5 }),
        )
        .map(([scheme, host, parts]) => `${[`${scheme}://${host}`, ...parts].join('/')}`),
      { numRuns: 1500, seed: 7 },
    );
    await temporary.clear();
    await insert(
      temporary.store,
      'otel_traces',
      urls.map((Target, index) => span(TRACE, hexId(16, index + 1), { Target, Operation: String(index) })),
    );
    const counted = await asked<{ Operation: string; Target: string }>(
      'SELECT Operation, Target FROM footprints',
    );
    const byView = new Map(counted.map(({ Operation, Target }) => [Number(Operation), Target]));
    const shapes = await shapesOf(urls);
    expect(urls.map((_, index) => byView.get(index))).toEqual(shapes);
    expect(await shapesOf(shapes)).toEqual(shapes);
    for (const [index, url] of urls.entries()) {
      const shape = shapes[index]!;
      expect(shape.split('/').slice(0, 3)).toEqual(url.split('/').slice(0, 3));
      expect(shape.split('/')).toHaveLength(url.split('/').length);
      if (shape !== url) expect(isShape(shape)).toBe(true);
    }
  });
});

describe('what has a shape is found by it', () => {
  const nightly = run();
  const CARDS = 'https://api.shop/customers/{id}/cards';
  const targets = [
    'https://api.shop/customers/1/cards',
    'https://api.shop/customers/22/cards',
    'https://api.shop/customers/22/cards/4',
    'https://api.shop/customers/ann/cards',
    'https://api.shop/customers/{id}/cards',
  ];

  beforeAll(async () => {
    await temporary.clear();
    await insert(temporary.store, 'runs', [runRow(nightly)]);
    await insert(
      temporary.store,
      'otel_traces',
      targets.map((Target, index) =>
        span(TRACE, hexId(16, index + 1), { ...doneIn(nightly), System: 'http', Operation: 'GET', Target }),
      ),
    );
    await insert(temporary.store, 'otel_traces', [
      span(TRACE, hexId(16, 99), { TenantId: 'other', System: 'http', Operation: 'GET', Target: targets[0] }),
    ]);
  });

  const readers = () => readersOf(temporary.store, 'default');
  const found = async (filter: { readonly target?: string; readonly wholeTarget?: string }) =>
    (await readers().actions.search({ filter, limit: 10 })).records.map(({ action }) => action.target);

  test('as the whole target, and as the beginning of one', async () => {
    expect(await found({ wholeTarget: CARDS })).toEqual([targets[4], targets[1], targets[0]]);
    expect(await found({ target: 'https://api.shop/customers/{id}' })).toEqual([
      targets[4],
      targets[2],
      targets[1],
      targets[0],
    ]);
    expect(await found({ wholeTarget: 'https://api.shop/customers/22/cards' })).toEqual([targets[1]]);
  });

  test('page by page', async () => {
    const seen: (string | undefined)[] = [];
    let after: Parameters<ReturnType<typeof readers>['targets']['history']>[0]['after'];
    do {
      const page = await readers().targets.history({
        target: CARDS,
        filter: {},
        limit: 1,
        ...(after === undefined ? {} : { after }),
      });
      seen.push(...page.records.map(({ action }) => action.target));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual([targets[4], targets[1], targets[0]]);
  });

  test('in the list of targets: once, by what it begins with, ids or none', async () => {
    const list = async (prefix: string) =>
      (await readers().targets.list({ prefix, order: 'target', limit: 10 })).targets.map(
        ({ target, actions }) => [target, actions],
      );
    expect(await list('https://api.shop/')).toEqual([
      ['https://api.shop/customers/ann/cards', 1],
      [CARDS, 3],
      [`${CARDS}/{id}`, 1],
    ]);
    expect(await list('https://api.shop/customers/22/c')).toEqual([
      [CARDS, 3],
      [`${CARDS}/{id}`, 1],
    ]);
  });

  test('among what a principal did', async () => {
    const { targets: touched } = await readers().principals.profile(nightly.principal.id, 10);
    expect(touched.items.map(({ target, actions }) => [target, actions])).toEqual([
      [CARDS, 3],
      ['https://api.shop/customers/ann/cards', 1],
      [`${CARDS}/{id}`, 1],
    ]);
  });
});
