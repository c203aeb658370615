/** A stored column, in the order in which rows are encoded. */
export interface Column {
  readonly name: string;
  /** ClickHouse type, as in the schema file. */
  readonly type: string;
}

/** A table whose rows are written as RowBinary by us and read back byte for byte. */
export interface RowTable {
  readonly name: string;
  readonly columns: readonly Column[];
}

export const columnList = (table: RowTable): string =>
  table.columns.map(({ name }) => `\`${name}\``).join(', ');
