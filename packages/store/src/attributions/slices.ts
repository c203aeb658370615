import type { ArrivalTable, ArrivedPart, Slice } from './arrivals.ts';

/**
 * Parts as they are looked at: small ones together, large ones piece by piece, none with more rows than `rows`.
 *
 * @param parts of one table.
 */
export const slicesOf = <Table extends ArrivalTable>(
  parts: readonly ArrivedPart<Table>[],
  rows: number,
): readonly Slice<Table>[] => {
  const slices: Slice<Table>[] = [];
  let together: ArrivedPart<Table>[] = [];
  let held = 0;
  const close = (): void => {
    const [first] = together;
    if (first === undefined) return;
    slices.push({ table: first.table, parts: together, fromRow: 0, toRow: rows, isLast: true });
    together = [];
    held = 0;
  };
  for (const part of parts) {
    if (part.rows > rows) {
      for (let fromRow = 0; fromRow < part.rows; fromRow += rows) {
        const toRow = fromRow + rows;
        slices.push({ table: part.table, parts: [part], fromRow, toRow, isLast: toRow >= part.rows });
      }
      continue;
    }
    if (held + part.rows > rows || together.length === PARTS_TOGETHER) close();
    together.push(part);
    held += part.rows;
  }
  close();
  return slices;
};

/** Their names travel in the request line. */
const PARTS_TOGETHER = 100;
