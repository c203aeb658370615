import type { RowTable } from '../tables/columns.ts';
import { RowReader, type RowValue } from './row-reader.ts';

/** A decoded row by column name, and where its bytes lie. */
export interface DecodedRow {
  readonly start: number;
  readonly end: number;
  readonly values: Readonly<Record<string, RowValue>>;
}

/**
 * Splits RowBinary into the rows of a table.
 *
 * @throws StoreError `row_malformed` where the bytes do not end with a row.
 */
export function* decodeRows(table: RowTable, bytes: Uint8Array): Generator<DecodedRow> {
  const reader = new RowReader(bytes);
  while (!reader.done) {
    const start = reader.offset;
    const values: Record<string, RowValue> = {};
    for (const { name, type } of table.columns) values[name] = reader.value(type);
    yield { start, end: reader.offset, values };
  }
}
