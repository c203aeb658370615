import { hostname } from 'node:os';
import type { Counters } from '@whence/model';
import {
  encodeGapRow,
  type Gap,
  type RowTable,
  RowWriter,
  type SealedSegment,
  type SetAsideReason,
  type Spool,
} from '@whence/store';
import type { Logger } from 'pino';
import { COUNTED } from './counters.ts';

/** A gap, but for who tells of it and when. */
type FoundGap = Omit<Gap, 'collector' | 'detectedAtMillis'>;

/**
 * Records of what was accepted and could not be kept, through a spool of their own: that something is missing must not
 * go missing too.
 */
export class GapLog {
  private readonly spool: Spool;
  private readonly counters: Counters;
  private readonly log: Logger;

  constructor(spool: Spool, counters: Counters, log: Logger) {
    this.spool = spool;
    this.counters = counters;
    this.log = log;
  }

  /** The spool option by which the spool of that table tells of batches that it gives up. */
  telling(table: RowTable) {
    return {
      settingAside: ({ id, rows, bytes }: SealedSegment, reason: SetAsideReason): Promise<void> =>
        this.append({
          table: table.name,
          batchId: id,
          reason,
          rows,
          bytes,
          message: `the store will not take these rows: their batch is kept in spool/${table.name}/${reason}`,
        }),
    };
  }

  /** Counts and records what was found damaged when that spool was opened. */
  async tellDamage({ table, damage }: Spool): Promise<void> {
    const label = `table="${table.name}"`;
    for (const { segmentId, lostRows, lostBytes } of damage) {
      this.counters.add(COUNTED.segmentsDamaged, 1, label);
      this.counters.add(COUNTED.rowsLost, lostRows, label);
      if (lostBytes === 0) continue;
      await this.append({
        table: table.name,
        batchId: segmentId,
        reason: 'damaged',
        rows: lostRows,
        bytes: lostBytes,
        message: `bytes of the spool do not check: the file is kept in spool/${table.name}/damaged`,
      });
    }
  }

  /** Resolves when the record is on disk, or when it is certain that it cannot be: then it is in the log only. */
  private async append(found: FoundGap): Promise<void> {
    const now = Date.now();
    try {
      await this.spool.appendRecords(1, (place) => {
        const writer = new RowWriter();
        encodeGapRow(
          writer,
          { ...found, collector: hostname(), detectedAtMillis: now },
          { batchId: place.batchId, rowNumber: place.firstRow, receivedAtMillis: place.receivedAtMillis },
        );
        return writer.written();
      });
      this.counters.add(COUNTED.gapsRecorded, 1, `table="${found.table}",reason="${found.reason}"`);
    } catch (error) {
      this.log.error({ err: error, gap: found }, 'a gap cannot be recorded');
    }
  }
}
