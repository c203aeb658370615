import type { RowTable } from '../tables/columns.ts';
import type { RowValue } from './row-reader.ts';
import type { RowWriter } from './row-writer.ts';

/** Values of a row by column name. */
export type RowValues = Readonly<Record<string, RowValue>>;

/** Encodes one row, column by column. What is not given is the column's zero: empty text, number 0, no elements. */
export const writeRow = (writer: RowWriter, table: RowTable, values: RowValues): void => {
  for (const { name, type } of table.columns) writeValue(writer, type, values[name] ?? zeroOf(type));
};

const SCALAR_ROOM = 32;
const ARRAY = /^Array\((.*)\)$/;

const writeValue = (writer: RowWriter, type: string, value: RowValue): void => {
  writer.reserve(SCALAR_ROOM);
  const array = ARRAY.exec(type);
  if (array !== null) {
    writer.varint((value as RowValue[]).length);
    for (const item of value as RowValue[]) writeValue(writer, array[1]!, item);
  } else if (type.startsWith('Map')) {
    writer.varint((value as [string, string][]).length);
    for (const [key, item] of value as [string, string][]) {
      writer.string(key);
      writer.string(item);
    }
  } else if (type.startsWith('DateTime64') || type === 'UInt64') {
    const bits = BigInt.asUintN(64, value as bigint);
    writer.uint64(Number(bits & 0xffff_ffffn), Number(bits >> 32n));
  } else if (type === 'UInt32') writer.uint32(value as number);
  else if (type.startsWith('Enum8')) writer.uint8(value as number);
  else if (type === 'UUID') writer.uuid(Buffer.from((value as string).replaceAll('-', ''), 'hex'));
  else writer.string(value as string);
};

const zeroOf = (type: string): RowValue => {
  if (type.startsWith('Array') || type.startsWith('Map')) return [];
  if (type.startsWith('DateTime64') || type === 'UInt64') return 0n;
  if (type === 'UInt32' || type.startsWith('Enum8')) return 0;
  return type === 'UUID' ? '0'.repeat(32) : '';
};
