import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporaryStore, type TemporaryStore } from '../readers/temporary-store.fixture.ts';
import { TABLES_KEPT, TABLES_OF_TIER } from './tiers.ts';

let temporary: TemporaryStore;
let made: readonly { readonly name: string; readonly partition_key: string; readonly engine_full: string }[];

beforeAll(async () => {
  temporary = await openTemporaryStore();
  const result = await temporary.store.client.query({
    query: `SELECT name, partition_key, engine_full FROM system.tables
      WHERE database = currentDatabase() AND engine NOT LIKE '%View' AND NOT startsWith(name, '.')`,
    format: 'JSONEachRow',
  });
  made = await result.json();
});

afterAll(() => temporary?.remove());

const aging = Object.values(TABLES_OF_TIER).flat();

it('every table of the schema is in one tier, and no other is', () => {
  const listed = [...aging.map(({ name }) => name), ...Object.values(TABLES_KEPT).flat()];
  expect([...listed].sort()).toEqual(made.map(({ name }) => name).sort());
});

describe.each(aging)('$name', ({ name, received }) => {
  const table = () => made.find((each) => each.name === name)!;

  it('lies in parts of one week or month of receipt', () => {
    expect([`toMonday(${received})`, `toYYYYMM(${received})`, received]).toContain(table().partition_key);
  });

  it('loses whole parts, and is never rewritten for a few rows', () => {
    expect(table().engine_full).toContain('ttl_only_drop_parts = 1');
  });
});
