import fc from 'fast-check';
import type { RowTable } from '../tables/columns.ts';
import type { RowValue } from './row-reader.ts';
import { writeRow } from './row-values.ts';
import { RowWriter } from './row-writer.ts';

/** Any bytes are a String to ClickHouse; text keeps what is compared readable. */
const text = fc.string({ unit: 'binary', maxLength: 200 }).filter((value) => value.isWellFormed());

const arbitraryValue = (type: string): fc.Arbitrary<RowValue> => {
  const array = /^Array\((.*)\)$/.exec(type);
  if (array !== null) return fc.array(arbitraryValue(array[1]!), { maxLength: 4 }) as fc.Arbitrary<RowValue>;
  if (type.startsWith('Map')) return fc.array(fc.tuple(text, text), { maxLength: 5 });
  if (type.startsWith('DateTime64(9)')) return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  if (type.startsWith('DateTime64')) return fc.bigInt({ min: 0n, max: 4_102_444_800_000n });
  if (type === 'UInt64') return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  if (type === 'UInt32') return fc.nat(0xffff_ffff);
  if (type.startsWith('Enum8')) return fc.nat(type.match(/=/g)!.length - 1);
  if (type === 'UUID') return fc.uuid();
  return text;
};

/** Rows of a table, any values; nested arrays of one prefix (`Events.…`) have one length, as ClickHouse demands. */
export const arbitraryRows = (table: RowTable): fc.Arbitrary<Record<string, RowValue>[]> =>
  fc.array(
    fc
      .record(Object.fromEntries(table.columns.map(({ name, type }) => [name, arbitraryValue(type)])))
      .map((row) => ({ ...row, ...sameLength(row, 'Events.'), ...sameLength(row, 'Links.') })),
    { minLength: 1, maxLength: 5 },
  );

const sameLength = (row: Record<string, RowValue>, prefix: string): Record<string, RowValue> => {
  const names = Object.keys(row).filter((name) => name.startsWith(prefix));
  const length = Math.min(...names.map((name) => (row[name] as RowValue[]).length));
  return Object.fromEntries(names.map((name) => [name, (row[name] as RowValue[]).slice(0, length)]));
};

export const encodeRows = (table: RowTable, rows: readonly Record<string, RowValue>[]): Uint8Array => {
  const writer = new RowWriter();
  for (const row of rows) writeRow(writer, table, row);
  return writer.copyOut();
};
