import type { Store } from '../open.ts';
import { storeErrorOf } from '../open.ts';

/**
 * What a value may be that goes to the store beside a statement. Nothing that came from outside is ever part of the
 * statement's text.
 */
export type Parameters = Readonly<Record<string, string | number | readonly string[] | readonly number[]>>;

/** One tenant's view of a store: every statement that runs through it is given `{tenant:String}`. */
export interface Selection {
  readonly store: Store;
  readonly tenant: string;
}

/** Longest that the server may work on one statement. */
const MAX_SECONDS = 20;

/** @throws StoreError `store_unavailable` or `store_refused`. */
export const select = async <Row>(
  selection: Selection,
  sql: string,
  parameters: Parameters = {},
): Promise<readonly Row[]> => {
  try {
    const result = await query(selection, sql, parameters);
    return await result.json<Row>();
  } catch (error) {
    throw storeErrorOf(error, selection.store.url);
  }
};

/** The same, as the rows come. Leaving the loop ends the statement. */
export async function* selectChunks<Row>(
  selection: Selection,
  sql: string,
  parameters: Parameters = {},
): AsyncGenerator<readonly Row[]> {
  try {
    const result = await query(selection, sql, parameters);
    for await (const rows of result.stream<Row>()) yield rows.map((row) => row.json<Row>());
  } catch (error) {
    throw storeErrorOf(error, selection.store.url);
  }
}

const query = ({ store, tenant }: Selection, sql: string, parameters: Parameters) =>
  store.ask((client) =>
    client.query({
      query: sql,
      format: 'JSONEachRow',
      query_params: { ...parameters, tenant },
      clickhouse_settings: { max_execution_time: MAX_SECONDS },
    }),
  );
