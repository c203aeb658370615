import type { Counters } from '@whence/model';
import {
  CREDENTIAL_RECORDS,
  CredentialLog,
  Shipper,
  Spool,
  type SpoolOptions,
  type Store,
} from '@whence/store';
import type { Logger } from 'pino';
import { COUNTED, countingDeliveries } from '../counters.ts';

export interface CredentialRecorderOptions {
  /** Of the service's data, which its caller owns. */
  readonly directory: string;
  readonly spool: Omit<SpoolOptions, 'table' | 'maxBytes'>;
  readonly store: Store;
  /** How often uses are written down. */
  readonly everyMillis: number;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** Keeps by which credentials it was asked. */
export interface CredentialRecorder {
  readonly log: CredentialLog;
  /** Bytes that the store does not have yet. */
  readonly bytes: number;
  /** Writes down what was counted, and sends what it can in that time. */
  close(graceMillis: number): Promise<void>;
}

const SPOOL_MAX_BYTES = 64 << 20;

/** @throws StoreError `directory_unusable` */
export const openCredentialRecorder = async (
  options: CredentialRecorderOptions,
): Promise<CredentialRecorder> => {
  const { directory, store, everyMillis, counters, logger } = options;
  const spool = await Spool.open({
    ...options.spool,
    table: CREDENTIAL_RECORDS,
    maxBytes: SPOOL_MAX_BYTES,
  });
  for (const { segmentId, lostRows, lostBytes } of spool.damage) {
    logger.error({ segmentId, lostRows, lostBytes }, 'uses of credentials that were recorded cannot be read');
  }
  const link = { current: store, whenOpen: async () => store };
  const shipper = new Shipper(spool, link, logger, countingDeliveries(counters), () => {});
  const log = new CredentialLog({
    spool,
    directory,
    service: 'whence-query',
    everyMillis,
    uncounted: (requests) => counters.add(COUNTED.credentialUsesUncounted, requests),
    log: logger,
  });
  return {
    log,
    get bytes() {
      return spool.bytes;
    },
    close: async (graceMillis) => {
      await log.close();
      await shipper.stop(graceMillis);
      await spool.close();
    },
  };
};
