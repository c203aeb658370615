import { runIdToBytes } from '@whence/model';
import type { RowWriter } from './row-writer.ts';
import type { RowPlace } from './run-rows.ts';

export const GAP_REASONS = [
  /** Bytes of the spool that do not check any more. */
  'damaged',
  /** The store will never take the rows. */
  'refused',
] as const;

export type GapReason = (typeof GAP_REASONS)[number];

/** Rows that were accepted and could not be kept. */
export interface Gap {
  readonly table: string;
  /** UUID of the spool segment. */
  readonly batchId: string;
  readonly reason: GapReason;
  /** As far as it is known. */
  readonly rows: number;
  readonly bytes: number;
  /** For people: what happened, and where what is left of it lies. */
  readonly message: string;
  readonly collector: string;
  readonly detectedAtMillis: number;
}

const TWO_TO_32 = 2 ** 32;

/** Encodes one row of `gaps`, in the column order of `GAPS`. */
export const encodeGapRow = (writer: RowWriter, gap: Gap, place: RowPlace): void => {
  writer.string(gap.table);
  writer.reserve(16);
  writer.uuid(runIdToBytes(gap.batchId));
  writer.string(gap.reason);
  writer.reserve(16);
  writer.uint64(gap.rows % TWO_TO_32, Math.floor(gap.rows / TWO_TO_32));
  writer.uint64(gap.bytes % TWO_TO_32, Math.floor(gap.bytes / TWO_TO_32));
  writer.string(gap.message);
  writer.string(gap.collector);
  writer.reserve(36);
  writer.millis(gap.detectedAtMillis);
  writer.millis(place.receivedAtMillis);
  writer.uuid(place.batchId);
  writer.uint32(place.rowNumber);
};
