/** The first of a list in some order, and how many there are. */
export interface Ranked<Item> {
  readonly items: readonly Item[];
  /** Those that are not among `items` counted too. */
  readonly total: number;
}

/** Rows that carry `Total`, how many there are in all: a window over the same rows that the limit then cuts. */
export const rankedOf = <Row extends { readonly Total: number }, Item>(
  rows: readonly Row[],
  itemOf: (row: Row) => Item,
): Ranked<Item> => ({ items: rows.map(itemOf), total: rows[0]?.Total ?? 0 });
