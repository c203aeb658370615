import type { Store } from '../open.ts';
import { select } from '../readers/statements/select.ts';
import { limitIn, type TableLimit } from './table-ttl.ts';
import type { AgingTable } from './tiers.ts';

/** Rows that lie together, and go together. */
export interface StoredPart {
  readonly rows: number;
  readonly bytes: number;
  /** When its first and its last row were received, milliseconds since the epoch; of a month its first and last day. */
  readonly firstMillis: number;
  readonly lastMillis: number;
  /** When the engine will drop it; 0: it does not know. */
  readonly goesMillis: number;
}

export interface TableState {
  readonly table: AgingTable;
  readonly limit: TableLimit;
  readonly parts: readonly StoredPart[];
}

interface TableRow {
  readonly Name: string;
  readonly Engine: string;
}

interface PartRow {
  readonly Name: string;
  readonly Rows: string;
  readonly Bytes: string;
  readonly First: number;
  readonly Last: number;
  readonly FirstDay: number;
  readonly LastDay: number;
  readonly Goes: number;
}

/** What the store has of these tables: of its own lists alone, no row is read. Of all tenants. */
export const tableStates = async (
  store: Store,
  tables: readonly AgingTable[],
): Promise<readonly TableState[]> => {
  const names = tables.map(({ name }) => name);
  const limits = await tableLimits(store, tables);
  const rows = await select<PartRow>(
    { store, tenant: '' },
    `SELECT table AS Name, toString(rows) AS Rows, toString(bytes_on_disk) AS Bytes,
       toUnixTimestamp(min_time) AS First, toUnixTimestamp(max_time) AS Last,
       toUnixTimestamp(min_date::DateTime('UTC')) AS FirstDay,
       toUnixTimestamp(addMonths(max_date, 1)::DateTime('UTC')) AS LastDay,
       toUnixTimestamp(delete_ttl_info_max) AS Goes
     FROM system.parts
     WHERE database = currentDatabase() AND active AND rows > 0 AND table IN {names:Array(String)}`,
    { names },
  );
  const parts = Map.groupBy(rows, ({ Name }) => Name);
  return tables.map((table) => ({
    table,
    limit: limits.get(table.name) ?? { status: 'forever' },
    parts: (parts.get(table.name) ?? []).map((row) => partOf(row, table)),
  }));
};

/** By name. A table that is not there has none. */
export const tableLimits = async (
  store: Store,
  tables: readonly AgingTable[],
): Promise<ReadonlyMap<string, TableLimit>> => {
  const rows = await select<TableRow>(
    { store, tenant: '' },
    `SELECT name AS Name, engine_full AS Engine FROM system.tables
     WHERE database = currentDatabase() AND name IN {names:Array(String)}`,
    { names: tables.map(({ name }) => name) },
  );
  const engines = new Map(rows.map(({ Name, Engine }) => [Name, Engine]));
  return new Map(
    tables.flatMap((table) => {
      const engine = engines.get(table.name);
      return engine === undefined ? [] : [[table.name, limitIn(table, engine)] as const];
    }),
  );
};

const partOf = (row: PartRow, { to }: AgingTable): StoredPart => ({
  rows: Number(row.Rows),
  bytes: Number(row.Bytes),
  firstMillis: (to === 'month' ? row.FirstDay : row.First) * 1000,
  lastMillis: (to === 'month' ? row.LastDay : row.Last) * 1000,
  goesMillis: row.Goes * 1000,
});
