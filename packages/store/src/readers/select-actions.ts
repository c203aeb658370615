import { ACTION_COLUMNS, type ActionRow, CONTENT_HASH } from './action-row.ts';
import { spanKey } from './recorded-action.ts';
import { type Parameters, type Selection, select, selectChunks } from './select.ts';

/** Which rows of `otel_traces`. Parameters are given beside it, `limit` among them. */
export interface ActionStatement {
  /** Begins with the tenant. */
  readonly condition: string;
  readonly order: string;
  /** @default ACTION_COLUMNS */
  readonly columns?: string;
}

const FIRST_RECEIVED = 'ReceivedAt, BatchId, RowNumber';

/** Every content once: of several deliveries the first. */
const eachOnce = ({ condition, order, columns = ACTION_COLUMNS }: ActionStatement): string =>
  `SELECT ${columns} FROM otel_traces WHERE ${condition}
   ORDER BY ${order}, ${FIRST_RECEIVED} LIMIT 1 BY TraceId, SpanId, ${CONTENT_HASH} LIMIT {limit:UInt32}`;

const asStored = ({ condition, order, columns = ACTION_COLUMNS }: ActionStatement): string =>
  `SELECT ${columns} FROM otel_traces WHERE ${condition} ORDER BY ${order} LIMIT {limit:UInt32}`;

/**
 * Rows, each content once. Contents are compared only where a span came more than once: to compare them the store reads
 * every column, which costs twice as much as the question itself.
 */
export const selectActions = async <Row extends ActionRow = ActionRow>(
  selection: Selection,
  statement: ActionStatement,
  parameters: Parameters & { readonly limit: number },
): Promise<readonly Row[]> => {
  const rows = await select<Row>(selection, asStored(statement), parameters);
  return areDistinct(rows) ? rows : select<Row>(selection, eachOnce(statement), parameters);
};

/** The same, as the rows come. */
export const selectActionChunks = (
  selection: Selection,
  statement: ActionStatement,
  parameters: Parameters & { readonly limit: number },
): AsyncIterable<readonly ActionRow[]> => selectChunks<ActionRow>(selection, eachOnce(statement), parameters);

/** As the rows come, for who knows that no span came more than once. */
export const selectActionsAsStored = <Row extends ActionRow = ActionRow>(
  selection: Selection,
  statement: ActionStatement,
  parameters: Parameters & { readonly limit: number },
): AsyncIterable<readonly Row[]> => selectChunks<Row>(selection, asStored(statement), parameters);

const areDistinct = (rows: readonly ActionRow[]): boolean =>
  new Set(rows.map(({ TraceId, SpanId }) => spanKey({ traceId: TraceId, spanId: SpanId }))).size ===
  rows.length;
