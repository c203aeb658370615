import { decodeRows } from '../rowbinary/rows.ts';
import type { RowTable } from '../tables/columns.ts';

export interface SalvagedRows {
  readonly rows: number;
  /** From the start of the bytes. */
  readonly bytes: number;
  /** Of the first row. */
  readonly receivedAtMillis: number;
}

/**
 * The rows with which the bytes begin, as far as they are rows of that batch: each carries the batch's id, and its
 * number in it, which only grows. No checksum is behind them.
 */
export const salvageRows = (table: RowTable, batchId: string, bytes: Uint8Array): SalvagedRows => {
  let found: SalvagedRows = { rows: 0, bytes: 0, receivedAtMillis: 0 };
  let last = -1;
  try {
    for (const { start, end, values } of decodeRows(table, bytes)) {
      const { BatchId, RowNumber, ReceivedAt } = values;
      if (end === start || BatchId !== batchId || typeof RowNumber !== 'number' || RowNumber <= last) break;
      last = RowNumber;
      found = {
        rows: found.rows + 1,
        bytes: end,
        receivedAtMillis: found.rows === 0 ? Number(ReceivedAt) : found.receivedAtMillis,
      };
    }
  } catch {
    // The bytes end inside a row, or are none.
  }
  return found;
};
