import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Counters } from '@whence/model';
import {
  DiskReserve,
  encodeOwnAction,
  lockDirectory,
  OTEL_TRACES,
  type OwnAction,
  RowWriter,
  Shipper,
  Spool,
  type Store,
} from '@whence/store';
import type { Logger } from 'pino';
import { COUNTED, countingDeliveries } from '../counters.ts';
import { type AskedQuery, isRefused } from './asked-query.ts';
import { actionOfDropped, actionOfQuery } from './query-action.ts';
import { refusalAllowance } from './refusal-allowance.ts';

export interface QueryRecorderOptions {
  /** One process owns it. Created where it is missing. */
  readonly directory: string;
  /** What may wait for the store. Refused requests get half of it at most. */
  readonly maxBytes: number;
  readonly store: Store;
  /** Whose record has what nobody known has asked. */
  readonly tenantOfNobody: string;
  readonly counters: Counters;
  readonly logger: Logger;
}

export type NotRecordedReason =
  /** More refused requests came than are recorded one by one. */
  | 'too_many'
  /** Refused requests have filled their part of the spool. */
  | 'no_room'
  /** The disk did not take it, and there was nothing of the record in the answer. */
  | 'unavailable'
  /** An earlier process had recorded it, and the file cannot be read any more. */
  | 'damaged';

/** Keeps who asked what. */
export interface QueryRecorder {
  /**
   * Resolves when the request is on disk, from where it goes to the store once. A refused one may be counted instead.
   *
   * @throws StoreError `spool_unavailable`: it is not recorded, and never will be
   */
  record(query: AskedQuery): Promise<void>;
  /** Counts a request that is not recorded; the record will say how many, and why. */
  notRecorded(query: Pick<AskedQuery, 'line'>, reason: NotRecordedReason): void;
  /** Series for `/metrics`. */
  gauges(): Readonly<Record<string, number>>;
  /** Sends what it can within a few seconds; the rest stays on disk for the next start. */
  close(): Promise<void>;
}

const SEGMENT_MAX_BYTES = 4 << 20;
const SEGMENT_MAX_AGE_MILLIS = 250;
const SHIP_GRACE_MILLIS = 5_000;
const TELL_DROPPED_MILLIS = 10_000;

/** @throws StoreError `directory_in_use`, `directory_unusable` */
export const openQueryRecorder = async (options: QueryRecorderOptions): Promise<QueryRecorder> => {
  const { directory, maxBytes, store, tenantOfNobody, counters, logger } = options;
  const lock = lockDirectory(directory, 'a Whence query service');
  let spool: Spool;
  try {
    const reserve = await DiskReserve.find({ directory, bytes: 0, log: logger });
    spool = await Spool.open({
      directory: join(directory, 'spool'),
      table: OTEL_TRACES,
      segmentMaxBytes: SEGMENT_MAX_BYTES,
      segmentMaxAgeMillis: SEGMENT_MAX_AGE_MILLIS,
      maxBytes,
      reserve,
      log: logger,
    });
  } catch (error) {
    lock.release();
    throw error;
  }
  const link = { current: store, whenOpen: async () => store };
  const shipper = new Shipper(spool, link, logger, countingDeliveries(counters), () => {});
  const mayRecordRefusal = refusalAllowance();
  const writer = new RowWriter();
  const dropped = new Map<NotRecordedReason, number>();
  let droppedSinceMillis = 0;

  const append = async (action: OwnAction): Promise<void> => {
    const place = spool.place(Date.now());
    writer.reset();
    encodeOwnAction(writer, action, {
      batchId: place.batchId,
      rowNumber: place.firstRow,
      receivedAtMillis: place.receivedAtMillis,
    });
    await spool.append(writer.copyOut(), 1, place);
  };

  const drop = (count: number, reason: NotRecordedReason): void => {
    if (dropped.size === 0) {
      droppedSinceMillis = Date.now();
      logger.warn({ reason }, 'requests are not recorded one by one: the record will say how many');
    }
    dropped.set(reason, (dropped.get(reason) ?? 0) + count);
    counters.add(COUNTED.queriesNotRecorded, count, `reason="${reason}"`);
  };

  /** The record itself says what is not in it. */
  const tellDropped = async (): Promise<void> => {
    if (dropped.size === 0) return;
    const told = new Map(dropped);
    dropped.clear();
    const count = [...told.values()].reduce((sum, each) => sum + each, 0);
    const reasons = [...told].map(([reason, each]) => `${reason}: ${each}`).join(', ');
    const ids = { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') };
    try {
      await append(actionOfDropped({ count, reasons, sinceMillis: droppedSinceMillis }, ids, tenantOfNobody));
      logger.warn({ count, reasons }, 'requests that are not recorded one by one');
    } catch (error) {
      for (const [reason, each] of told) dropped.set(reason, (dropped.get(reason) ?? 0) + each);
      logger.error(
        { err: error, count },
        'that requests are not recorded cannot be recorded either, for now',
      );
    }
  };
  const teller = setInterval(() => void tellDropped(), TELL_DROPPED_MILLIS).unref();

  for (const { lostRows } of spool.damage) if (lostRows > 0) drop(lostRows, 'damaged');

  return {
    record: async (query) => {
      if (isRefused(query)) {
        if (spool.bytes >= maxBytes / 2) return drop(1, 'no_room');
        if (!mayRecordRefusal()) return drop(1, 'too_many');
      }
      const begun = performance.now();
      await append(actionOfQuery(query, tenantOfNobody));
      counters.add(COUNTED.queriesRecorded, 1);
      counters.add(COUNTED.recordSeconds, (performance.now() - begun) / 1000);
    },
    notRecorded: ({ line }, reason) => {
      logger.error({ line }, 'a request is not recorded');
      drop(1, reason);
    },
    gauges: () => ({
      whence_query_spool_bytes: spool.bytes,
      whence_query_spool_age_seconds: spool.ageMillis(Date.now()) / 1000,
    }),
    close: async () => {
      clearInterval(teller);
      await tellDropped();
      await shipper.stop(SHIP_GRACE_MILLIS);
      await spool.close();
      lock.release();
    },
  };
};
