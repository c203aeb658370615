import type { Readable } from 'node:stream';
import { drainStream } from '@clickhouse/client';
import type { Store } from './open.ts';
import { storeErrorOf } from './open.ts';
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

/** ClickHouse's codes for bytes that are no rows of the table: trying again cannot help. */
const BAD_DATA_CODES = new Set([
  '6',
  '26',
  '27',
  '32',
  '33',
  '38',
  '41',
  '72',
  '117',
  '131',
  '321',
  '469',
  '691',
]);

const ONE_BLOCK = {
  async_insert: 0,
  insert_deduplicate: 1,
  max_insert_block_size: '1000000000',
  min_insert_block_size_rows: '1000000000',
  min_insert_block_size_bytes: '10000000000',
} as const;

/** Inserts a batch as one block. Safe to repeat: the token makes a second insert of the same batch a no-op. */
export const insertBatch = async (store: Store, batch: Batch): Promise<InsertOutcome> => {
  try {
    const { stream } = await store.client.exec({
      query: `INSERT INTO ${batch.table.name} (${columnList(batch.table)}) FORMAT RowBinary`,
      values: batch.body(),
      clickhouse_settings: { ...ONE_BLOCK, insert_deduplication_token: batch.token },
    });
    await drainStream(stream);
    return { status: 'stored' };
  } catch (cause) {
    const error = storeErrorOf(cause, store.database);
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    return { status: BAD_DATA_CODES.has(code) ? 'refused' : 'uncertain', error };
  }
};

/** Rows of a batch that the store holds. @throws StoreError where the store does not answer. */
export const countBatch = async (store: Store, batch: Batch): Promise<number> => {
  try {
    const result = await store.client.query({
      query: `SELECT uniqExact(RowNumber) AS rows FROM ${batch.table.name}
        WHERE BatchId = {id:UUID} AND ReceivedAt >= fromUnixTimestamp64Milli({day:Int64})
          AND ReceivedAt < fromUnixTimestamp64Milli({day:Int64}) + INTERVAL 2 DAY`,
      query_params: { id: batch.id, day: dayOf(batch.receivedAtMillis) },
      format: 'JSONEachRow',
    });
    const [row] = await result.json<{ rows: number | string }>();
    return Number(row?.rows ?? 0);
  } catch (cause) {
    throw storeErrorOf(cause, store.database);
  }
};

const DAY_MILLIS = 86_400_000;
const dayOf = (millis: number): number => Math.floor(millis / DAY_MILLIS) * DAY_MILLIS;
