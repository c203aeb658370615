import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { drainStream } from '@clickhouse/client';
import { clickHouseCode, type Store, storeErrorOf } from './open.ts';
import type { StoreError } from './store-error.ts';
import { columnList, type RowTable } from './tables/columns.ts';

/** One batch of rows: fixed bytes under a fixed id, one partition, one block. */
export interface Batch {
  readonly table: RowTable;
  /** UUID; every row of the batch carries it. */
  readonly id: string;
  readonly rows: number;
  /** Deduplication token: the batch id and a hash of its bytes, so that other bytes under the same id never pass. */
  readonly token: string;
  /** When the rows were received, milliseconds since the epoch: tells the partition. */
  readonly receivedAtMillis: number;
  /** The bytes, anew for each attempt. */
  readonly body: () => Readable;
}

export type InsertOutcome =
  | { readonly status: 'stored' }
  /** Nothing is known of the rows, or the server cannot take them now: read back, then try again. */
  | { readonly status: 'uncertain'; readonly error: StoreError }
  /** These bytes will never be taken. */
  | { readonly status: 'refused'; readonly error: StoreError };

/**
 * ClickHouse's codes for bytes that are no rows of the table: trying again cannot help. Any code that is not here is
 * taken for a matter of time, and the batch is kept.
 */
const BAD_DATA_CODES = new Set([
  '6', // cannot parse text
  '26', // cannot parse quoted string
  '27', // cannot parse input: assertion failed
  '32', // attempt to read after the end
  '33', // cannot read all data
  '38', // cannot parse date
  '41', // cannot parse date and time
  '72', // cannot parse number
  '117', // incorrect data
  '128', // too large array
  '131', // too large string
  '190', // sizes of arrays do not match
  '321', // value out of range of its type
  '469', // violated constraint
  '691', // unknown element of enum
]);

const ONE_BLOCK = {
  async_insert: 0,
  insert_deduplicate: 1,
  max_insert_block_size: '1000000000',
  min_insert_block_size_rows: '1000000000',
  min_insert_block_size_bytes: '10000000000',
} as const;

/**
 * Inserts a batch as one block. The token makes a second insert of the same batch a no-op, as long as the server
 * remembers it: within one server or replicated table, and some number of blocks.
 */
export const insertBatch = async (store: Store, batch: Batch): Promise<InsertOutcome> => {
  try {
    await store.once(async (client) => {
      const { stream } = await client.exec({
        query: `INSERT INTO ${batch.table.name} (${columnList(batch.table)}) FORMAT RowBinary`,
        values: batch.body(),
        clickhouse_settings: { ...ONE_BLOCK, insert_deduplication_token: batch.token },
      });
      await drainStream(stream);
    });
    return { status: 'stored' };
  } catch (cause) {
    const error = storeErrorOf(cause, store.url);
    return { status: BAD_DATA_CODES.has(clickHouseCode(error.cause)) ? 'refused' : 'uncertain', error };
  }
};

/** What the store holds under a batch's id: by row number, the CRC-32 of each row that is there, as RowBinary. */
export type HeldRows = ReadonlyMap<number, readonly number[]>;

type Place = Pick<Batch, 'table' | 'id' | 'receivedAtMillis'>;

/** @throws StoreError where the store does not answer. */
export const heldRows = async (store: Store, place: Place): Promise<HeldRows> => {
  const row = `formatRow('RowBinary', ${columnList(place.table)})`;
  const bytes = await ofBatch(store, place, `RowNumber, CRC32(${row})`);
  const held = new Map<number, number[]>();
  for (let at = 0; at < bytes.length; at += HELD_ROW_BYTES) {
    const number = bytes.readUInt32LE(at);
    const crc = bytes.readUInt32LE(at + 4);
    const others = held.get(number);
    if (others === undefined) held.set(number, [crc]);
    else others.push(crc);
  }
  return held;
};

/** How many rows of a batch the store has. @throws StoreError where the store does not answer. */
export const countRows = async (store: Store, place: Place): Promise<number> =>
  (await ofBatch(store, place, 'toUInt32(uniqExact(RowNumber))')).readUInt32LE(0);

const ofBatch = (store: Store, { table, id, receivedAtMillis }: Place, what: string): Promise<Buffer> =>
  store.ask(async (client) => {
    const { stream } = await client.exec({
      query: `SELECT ${what} FROM ${table.name}
        WHERE BatchId = {id:UUID} AND ReceivedAt >= fromUnixTimestamp64Milli({day:Int64})
          AND ReceivedAt < fromUnixTimestamp64Milli({day:Int64}) + INTERVAL 2 DAY
        FORMAT RowBinary`,
      query_params: { id, day: dayOf(receivedAtMillis) },
      // A replica first catches up with what the others have acknowledged.
      clickhouse_settings: { select_sequential_consistency: '1' },
    });
    return buffer(stream);
  });

const HELD_ROW_BYTES = 8;
const DAY_MILLIS = 86_400_000;
const dayOf = (millis: number): number => Math.floor(millis / DAY_MILLIS) * DAY_MILLIS;
