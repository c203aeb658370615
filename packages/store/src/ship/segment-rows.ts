import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Batch, HeldRows } from '../batches.ts';
import { decodeRows } from '../rowbinary/rows.ts';

/** One row of a segment: its number, and where its bytes lie. */
export interface SegmentRow {
  readonly number: number;
  readonly start: number;
  readonly end: number;
  readonly crc: number;
}

/** The rows of a segment one by one, for when it cannot be sent as a whole. */
export interface SegmentRows {
  readonly bytes: Uint8Array;
  readonly rows: readonly SegmentRow[];
}

/** So many rows are decoded before others get their turn. */
const ROWS_PER_TURN = 500;

/** Splits the bytes as far as they are rows. */
export const splitRows = async (table: Batch['table'], bytes: Uint8Array): Promise<SegmentRows> => {
  const rows: SegmentRow[] = [];
  try {
    for (const { start, end, values } of decodeRows(table, bytes)) {
      const number = Number(values['RowNumber']);
      rows.push({ number, start, end, crc: crc32(bytes.subarray(start, end)) });
      if (rows.length % ROWS_PER_TURN === 0) await turn();
    }
  } catch {
    // The rest is no row: whoever counts the rows will find that they are fewer.
  }
  return { bytes, rows };
};

export interface Comparison {
  /** Rows that the store does not have as they are. */
  readonly missing: readonly SegmentRow[];
  /** Numbers under which the store has something else. */
  readonly others: readonly number[];
  /** Numbers under which the store has the same more than once. */
  readonly repeated: readonly number[];
}

export const compareRows = (rows: readonly SegmentRow[], held: HeldRows): Comparison => {
  const crcs = new Map(rows.map(({ number, crc }) => [number, crc]));
  return {
    missing: rows.filter(({ number, crc }) => held.get(number)?.includes(crc) !== true),
    others: [...held].filter(([number, all]) => all.some((crc) => crc !== crcs.get(number))).map(numberOf),
    repeated: [...held].filter(([, all]) => new Set(all).size < all.length).map(numberOf),
  };
};

const numberOf = ([number]: readonly [number, unknown]): number => number;

/** Some rows of a batch as a batch under the same id. Its token is of its bytes, like that of any other. */
export const partOf = (batch: Batch, bytes: Uint8Array, rows: readonly SegmentRow[]): Batch => {
  const body = Buffer.concat(rows.map(({ start, end }) => bytes.subarray(start, end)));
  return {
    ...batch,
    rows: rows.length,
    token: tokenOf(batch.id, rows.length, body.length, crc32(body)),
    body: () => Readable.from([body]),
  };
};

/** Other bytes under the same id never pass for the same. */
export const tokenOf = (id: string, rows: number, bytes: number, crc: number): string =>
  `${id}:${rows}:${bytes}:${crc.toString(16)}`;
