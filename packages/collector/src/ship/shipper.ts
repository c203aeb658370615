import { type Batch, countBatch, insertBatch, type Store } from '@whence/store';
import type { Logger } from 'pino';
import { COUNTED, type Counters } from '../counters.ts';
import { readSegment, type SealedSegment } from '../spool/segment.ts';
import type { Spool } from '../spool/spool.ts';
import { pause, type StoreLink, unlessAborted } from './store-link.ts';

const FIRST_BACKOFF_MILLIS = 200;
const MAX_BACKOFF_MILLIS = 10_000;

/** Told when the store has a batch. */
export type ShippedListener = (segment: SealedSegment) => void;

/**
 * Sends the sealed segments of one spool to the store, oldest first, each once in effect: after any attempt whose
 * outcome is not known, and for every segment of an earlier process, the store is asked what it holds before anything
 * is sent again.
 */
export class Shipper {
  private readonly spool: Spool;
  private readonly link: StoreLink;
  private readonly log: Logger;
  private readonly counters: Counters;
  private readonly shipped: ShippedListener;
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  constructor(spool: Spool, link: StoreLink, log: Logger, counters: Counters, shipped: ShippedListener) {
    this.spool = spool;
    this.link = link;
    this.log = log.child({ table: spool.table.name });
    this.counters = counters;
    this.shipped = shipped;
    this.running = this.run();
  }

  /**
   * Sends what there is until the time is over or nothing is left, then stops. An insert that is under way by then is
   * not waited for: its segment stays, and the next start asks the store for it.
   */
  async stop(graceMillis: number): Promise<void> {
    this.spool.flush();
    const deadline = Date.now() + graceMillis;
    while (this.spool.bytes > 0 && Date.now() < deadline && this.link.current !== undefined) {
      await pause(20, this.stopping.signal);
    }
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const store = await unlessAborted(this.link.whenOpen(), signal);
    if (store === undefined) return;
    for (;;) {
      const segment = await this.spool.next(signal);
      if (segment === undefined) return;
      try {
        await this.ship(store, segment);
      } catch (error) {
        this.log.error({ err: error, batch: segment.id }, 'shipping failed, the batch stays in the spool');
        await pause(MAX_BACKOFF_MILLIS, signal);
      }
    }
  }

  private async ship(store: Store, segment: SealedSegment): Promise<void> {
    const { signal } = this.stopping;
    const batch = this.batchOf(segment);
    let uncertain = segment.uncertain;
    for (
      let backoff = FIRST_BACKOFF_MILLIS;
      !signal.aborted;
      backoff = Math.min(backoff * 2, MAX_BACKOFF_MILLIS)
    ) {
      if (uncertain) {
        const held = await this.holds(store, batch);
        if (held === 'all') return this.done(segment);
        if (held === 'unknown') return;
      }
      const outcome = await unlessAborted(insertBatch(store, batch), signal);
      if (outcome === undefined) return;
      if (outcome.status === 'stored') return this.done(segment);
      if (outcome.status === 'refused') return this.setAside(segment, outcome.error);
      uncertain = true;
      this.counters.add(COUNTED.shipRetries, 1, `table="${this.spool.table.name}"`);
      this.log.warn(
        { err: outcome.error, batch: segment.id, retryInMillis: backoff },
        'batch not known to be stored',
      );
      await pause(backoff, signal);
    }
  }

  /** How much of the batch the store has; waits for as long as it does not answer. Unknown: we are to stop. */
  private async holds(store: Store, batch: Batch): Promise<'all' | 'not all' | 'unknown'> {
    const { signal } = this.stopping;
    for (
      let backoff = FIRST_BACKOFF_MILLIS;
      !signal.aborted;
      backoff = Math.min(backoff * 2, MAX_BACKOFF_MILLIS)
    ) {
      try {
        const rows = await unlessAborted(countBatch(store, batch), signal);
        if (rows === undefined) return 'unknown';
        if (rows > 0 && rows < batch.rows) {
          this.log.error(
            { batch: batch.id, rows, expected: batch.rows },
            'the store holds a part of a batch',
          );
        }
        return rows >= batch.rows ? 'all' : 'not all';
      } catch (error) {
        this.log.warn({ err: error, retryInMillis: backoff }, 'the store does not answer');
        await pause(backoff, signal);
      }
    }
    return 'unknown';
  }

  private async done(segment: SealedSegment): Promise<void> {
    const label = `table="${this.spool.table.name}"`;
    this.counters.add(COUNTED.batchesShipped, 1, label);
    this.counters.add(COUNTED.rowsShipped, segment.rows, label);
    await this.spool.shipped(segment);
    this.shipped(segment);
  }

  private async setAside(segment: SealedSegment, error: unknown): Promise<void> {
    this.counters.add(COUNTED.batchesSetAside, 1, `table="${this.spool.table.name}"`);
    this.log.error(
      { err: error, batch: segment.id, rows: segment.rows },
      'the store refuses the batch: set aside',
    );
    await this.spool.setAside(segment, 'refused');
  }

  private batchOf(segment: SealedSegment): Batch {
    return {
      table: this.spool.table,
      id: segment.id,
      rows: segment.rows,
      token: `${segment.id}:${segment.rows}:${segment.bytes}:${segment.crc.toString(16)}`,
      receivedAtMillis: segment.receivedAtMillis,
      body: () => readSegment(segment),
    };
  }
}
