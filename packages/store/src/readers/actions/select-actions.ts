import {
  BY_KEY,
  type Parameters,
  type Selection,
  select,
  selectChunks,
  type Way,
} from '../statements/select.ts';
import { ACTION_COLUMNS, type ActionRow, CONTENT_HASH } from './action-row.ts';
import { spanKey } from './recorded-action.ts';

/** Which rows of `otel_traces`. Parameters are given beside it, `limit` among them. */
export interface ActionStatement {
  /** The tenant is part of it. */
  readonly condition: string;
  readonly order: string;
  /** By default by the table's own order. */
  readonly way?: Way;
  /** Any `limit` of the rows will do, in order: the rest is not even looked at. */
  readonly unsortedFirst?: boolean;
  /** @default ACTION_COLUMNS */
  readonly columns?: string;
}

const FIRST_RECEIVED = 'ReceivedAt, BatchId, RowNumber';

/** Every content once: of several deliveries the first. */
const eachOnce = ({ condition, order, columns = ACTION_COLUMNS }: ActionStatement): string =>
  `SELECT ${columns} FROM otel_traces WHERE ${condition}
   ORDER BY ${order}, ${FIRST_RECEIVED} LIMIT 1 BY TraceId, SpanId, ${CONTENT_HASH} LIMIT {limit:UInt32}`;

const asStored = ({ condition, order, columns = ACTION_COLUMNS, unsortedFirst }: ActionStatement): string =>
  unsortedFirst
    ? `SELECT ${columns} FROM (SELECT * FROM otel_traces WHERE ${condition} LIMIT {limit:UInt32}) ORDER BY ${order}`
    : `SELECT ${columns} FROM otel_traces WHERE ${condition} ORDER BY ${order} LIMIT {limit:UInt32}`;

/**
 * Rows, each content once. Contents are compared only where a span came more than once: to compare them the store reads
 * every column, which costs twice as much as the question itself.
 */
export const selectActions = async <Row extends ActionRow = ActionRow>(
  selection: Selection,
  statement: ActionStatement,
  parameters: Parameters & { readonly limit: number },
): Promise<readonly Row[]> => {
  const way = statement.way ?? BY_KEY;
  const rows = await select<Row>(selection, asStored(statement), parameters, way);
  return areDistinct(rows) ? rows : select<Row>(selection, eachOnce(statement), parameters, way);
};

/** The same, as the rows come. */
export const selectActionChunks = (
  selection: Selection,
  statement: ActionStatement,
  parameters: Parameters & { readonly limit: number },
): AsyncIterable<readonly ActionRow[]> =>
  selectChunks<ActionRow>(selection, eachOnce(statement), parameters, statement.way ?? BY_KEY);

/** As the rows come, for who knows that no span came more than once. */
export const selectActionsAsStored = <Row extends ActionRow = ActionRow>(
  selection: Selection,
  statement: ActionStatement,
  parameters: Parameters & { readonly limit: number },
): AsyncIterable<readonly Row[]> =>
  selectChunks<Row>(selection, asStored(statement), parameters, statement.way ?? BY_KEY);

/** No span came more than once. */
export const areDistinct = (rows: readonly Pick<ActionRow, 'TraceId' | 'SpanId'>[]): boolean =>
  new Set(rows.map(({ TraceId, SpanId }) => spanKey({ traceId: TraceId, spanId: SpanId }))).size ===
  rows.length;
