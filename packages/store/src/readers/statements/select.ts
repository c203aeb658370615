import { type ClickHouseSettings, SettingsMap } from '@clickhouse/client';
import type { Store } from '../../open.ts';
import { storeErrorOf } from '../../open.ts';

/**
 * What a value may be that goes to the store beside a statement. Nothing that came from outside is ever part of the
 * statement's text.
 */
export type Parameters = Readonly<
  Record<string, string | number | readonly string[] | readonly number[] | readonly bigint[]>
>;

/** One tenant's view of a store: every statement that runs through it is given `{tenant:String}`. */
export interface Selection {
  readonly store: Store;
  readonly tenant: string;
  /** What was received later is left out. Milliseconds since the epoch. Absent: nothing is. */
  readonly asOfMillis?: number;
}

/** How the store finds the rows of a statement. */
export type Way = ClickHouseSettings;

/** By the table's own order. The projections are left alone: one that holds the tenant would be read for it. */
export const BY_KEY: Way = { optimize_use_projection_filtering: 0 };

/**
 * For a handful of rows: threads of their own, a first pass over some of the columns, and what the engine keeps of
 * conditions, cost more than they save.
 */
export const FEW_ROWS: Way = {
  ...BY_KEY,
  max_threads: 1,
  optimize_move_to_prewhere: 0,
  use_query_condition_cache: 0,
};

/**
 * Both, where an AND would stand inside another condition. The engine (26.7) takes the parts of such an AND for
 * conditions of the whole when it looks for rows by a projection, and loses rows: there AND stands outermost alone.
 */
export const both = (one: string, other: string): string => `least(toUInt8(${one}), toUInt8(${other}))`;

/**
 * By the projection of an id, however many rows there are of it and however small the table. The tenant is compared as
 * `OF_TENANT`, and what else is known as `besides`, so that only that one projection is read.
 */
export const BY_ID: Way = {
  optimize_use_projection_filtering: 1,
  min_table_rows_to_use_projection_index: '0',
  max_projection_rows_to_use_projection_index: '100000000',
};

/**
 * By the names of parts, where projections of the table hold columns: each of them is a part of another name. For the
 * whole statement: what a part inside another one says of itself is not heeded where the engine (26.7) looks for an index.
 */
export const BY_PART: Way = { optimize_use_projections: 0 };

/** A comparison that no index takes part in. */
export const besides = (column: string, parameter: string): string =>
  `concat(${column}, '') = {${parameter}:String}`;

/** The tenant, where the rows are found by an id. */
export const OF_TENANT = besides('TenantId', 'tenant');

/** The same for a statement inside another, which goes another way. */
export const asSettings = (way: Way): string =>
  `SETTINGS ${Object.entries(way)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')}`;

/** Longest that the server may work on one statement. */
const MAX_SECONDS = 20;

/** @throws StoreError `store_unavailable` or `store_refused`. */
export const select = async <Row>(
  selection: Selection,
  sql: string,
  parameters: Parameters = {},
  way: Way = BY_KEY,
): Promise<readonly Row[]> => {
  try {
    const result = await query(selection, sql, parameters, way);
    return await result.json<Row>();
  } catch (error) {
    throw storeErrorOf(error, selection.store.url);
  }
};

/** The same with every row as a tuple, which is half as long: for many rows. */
export const selectTuples = async <Tuple extends readonly unknown[]>(
  selection: Selection,
  sql: string,
  parameters: Parameters = {},
  way: Way = BY_KEY,
): Promise<readonly Tuple[]> => {
  try {
    const result = await query(selection, sql, parameters, way, 'JSONCompactEachRow');
    return (await result.json()) as unknown as readonly Tuple[];
  } catch (error) {
    throw storeErrorOf(error, selection.store.url);
  }
};

/** The same, as the rows come. Leaving the loop ends the statement. */
export async function* selectChunks<Row>(
  selection: Selection,
  sql: string,
  parameters: Parameters = {},
  way: Way = BY_KEY,
): AsyncGenerator<readonly Row[]> {
  try {
    const result = await query(selection, sql, parameters, way);
    for await (const rows of result.stream<Row>()) yield rows.map((row) => row.json<Row>());
  } catch (error) {
    throw storeErrorOf(error, selection.store.url);
  }
}

const query = <Format extends 'JSONEachRow' | 'JSONCompactEachRow' = 'JSONEachRow'>(
  { store, tenant, asOfMillis }: Selection,
  sql: string,
  parameters: Parameters,
  way: Way,
  format: Format = 'JSONEachRow' as Format,
) =>
  store.ask((client) =>
    client.query({
      query: sql,
      format,
      query_params: { ...parameters, tenant },
      clickhouse_settings: { max_execution_time: MAX_SECONDS, ...way, ...receivedBy(asOfMillis) },
    }),
  );

/** When each row came to be known: the engine adds the condition wherever a statement reads one of these tables. */
const KNOWN_SINCE = { otel_traces: 'ReceivedAt', runs: 'ReceivedAt', attributions: 'KnownAt' } as const;

const receivedBy = (asOfMillis: number | undefined): Way => {
  if (asOfMillis === undefined) return {};
  const until = `fromUnixTimestamp64Milli(toInt64(${Math.floor(asOfMillis)}))`;
  const filters = Object.entries(KNOWN_SINCE).map(([table, column]) => [table, `${column} <= ${until}`]);
  return { additional_table_filters: SettingsMap.from(Object.fromEntries(filters)) };
};
