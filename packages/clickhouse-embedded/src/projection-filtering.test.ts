import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTemporaryServer, type TemporaryServer } from './temporary-server.ts';

let server: TemporaryServer;

beforeAll(async () => {
  server = await openTemporaryServer();
  await server.ask(`CREATE TABLE t (id String, a String, b String, PROJECTION by_id (SELECT _part_offset ORDER BY id))
    ENGINE = MergeTree ORDER BY a SETTINGS min_bytes_for_wide_part = 0`);
  for (let part = 0; part < 5; part++) {
    await server.ask(`INSERT INTO t SELECT toString(number + ${part * 10}), 'x', 'y' FROM numbers(10)`);
  }
});

afterAll(() => server.remove());

/** The limit on rows stands in for a large table. */
const FOUND = `SELECT count() FROM t WHERE id = '33' AND NOT (a = 'p' AND b = 'q')
  SETTINGS min_table_rows_to_use_projection_index = 0, max_projection_rows_to_use_projection_index = 1000000`;

test('a row is not lost where an AND stands inside of another condition', async () => {
  expect((await server.ask(FOUND)).text.trim()).toBe('1');
});

test('rows are looked for by projections where a statement asks for it', async () => {
  const plan = await server.ask(
    `EXPLAIN projections = 1 SELECT count() FROM t WHERE id = '33'
     SETTINGS optimize_use_projection_filtering = 1, min_table_rows_to_use_projection_index = 0,
       max_projection_rows_to_use_projection_index = 1000000`,
  );
  expect(plan.text).toContain('by_id');
});
