import { stringify } from 'csv-stringify/sync';

/**
 * RFC 4180, a header line first. What is an object or a list is written as JSON. A cell that a spreadsheet would take
 * for a formula is made text by a leading apostrophe.
 *
 * @param columns dotted paths into an item: `principal.id`.
 */
export const csvOf = (columns: readonly string[], items: readonly unknown[]): string =>
  stringify(
    items.map((item) => columns.map((column) => cellOf(at(item, column)))),
    { header: true, columns: [...columns], escape_formulas: true, record_delimiter: 'windows' },
  );

const at = (item: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null
          ? (value as Readonly<Record<string, unknown>>)[key]
          : undefined,
      item,
    );

const cellOf = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};
