import type { Batch } from '../batches.ts';
import type { Store } from '../open.ts';
import { readSegment, readSegmentBytes, type SealedSegment } from '../spool/segment.ts';
import type { Spool } from '../spool/spool.ts';
import { Delivery } from './delivery.ts';
import type { DeliveryCounts } from './delivery-counts.ts';
import { tokenOf } from './segment-rows.ts';
import type { ShipLog } from './ship-log.ts';
import { pause, type StoreLink, unlessAborted } from './store-link.ts';

const RETRY_MILLIS = 10_000;
/** While the store writes one to its disk, it reads the next. */
const INSERTS_AT_A_TIME = 2;

/** Told when the store has a batch. */
export type ShippedListener = (segment: SealedSegment) => void;

/** Delivers the sealed segments of one spool to the store, oldest first, each once in effect. */
export class Shipper {
  private readonly spool: Spool;
  private readonly link: Pick<StoreLink, 'current' | 'whenOpen'>;
  private readonly log: ShipLog;
  private readonly counts: DeliveryCounts;
  private readonly shipped: ShippedListener;
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;

  constructor(
    spool: Spool,
    link: Pick<StoreLink, 'current' | 'whenOpen'>,
    log: ShipLog,
    counts: DeliveryCounts,
    shipped: ShippedListener,
  ) {
    this.spool = spool;
    this.link = link;
    this.log = log.child({ table: spool.table.name });
    this.counts = counts;
    this.shipped = shipped;
    this.running = this.run();
  }

  /**
   * Sends what there is until the time is over or nothing is left, then stops. An insert that is under way by then is
   * not waited for: its segment stays, and the next start asks the store for it.
   */
  async stop(graceMillis: number): Promise<void> {
    this.spool.flush();
    const deadline = performance.now() + graceMillis;
    while (this.spool.bytes > 0 && performance.now() < deadline && this.link.current !== undefined) {
      await pause(20, this.stopping.signal);
    }
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const store = await unlessAborted(this.link.whenOpen(), signal);
    if (store === undefined) return;
    const underWay = new Map<SealedSegment, Promise<void>>();
    for (;;) {
      const segment = await this.spool.next(signal, underWay);
      if (segment === undefined) break;
      const done = this.shipOrWait(store, segment).finally(() => underWay.delete(segment));
      underWay.set(segment, done);
      if (underWay.size === INSERTS_AT_A_TIME) await Promise.race(underWay.values());
    }
    await Promise.all(underWay.values());
  }

  private async shipOrWait(store: Store, segment: SealedSegment): Promise<void> {
    try {
      await this.ship(store, segment);
    } catch (error) {
      this.log.error({ err: error, batch: segment.id }, 'shipping failed, the batch stays in the spool');
      await pause(RETRY_MILLIS, this.stopping.signal);
    }
  }

  private async ship(store: Store, segment: SealedSegment): Promise<void> {
    const { log, counts } = this;
    const parts = { store, log, counts, signal: this.stopping.signal };
    const delivery = new Delivery(this.batchOf(segment), () => readSegmentBytes(segment), parts);
    const delivered = await delivery.run(segment.uncertain);
    if (delivered.status === 'delivered') await this.done(segment);
    else if (delivered.status === 'refused') await this.setAside(segment, delivered.rows);
  }

  private async done(segment: SealedSegment): Promise<void> {
    const label = `table="${this.spool.table.name}"`;
    this.counts.add('batchesShipped', 1, label);
    this.counts.add('rowsShipped', segment.rows, label);
    await this.spool.shipped(segment);
    this.shipped(segment);
  }

  /** The whole segment is kept, with the rows that the store has as well: they are told apart by their numbers. */
  private async setAside(segment: SealedSegment, refusedRows: number): Promise<void> {
    const label = `table="${this.spool.table.name}"`;
    this.counts.add('batchesSetAside', 1, label);
    this.counts.add('rowsSetAside', refusedRows, label);
    this.counts.add('rowsShipped', segment.rows - refusedRows, label);
    await this.spool.setAside(segment, 'refused', refusedRows);
  }

  private batchOf(segment: SealedSegment): Batch {
    return {
      table: this.spool.table,
      id: segment.id,
      rows: segment.rows,
      token: tokenOf(segment.id, segment.rows, segment.bytes, segment.crc),
      receivedAtMillis: segment.receivedAtMillis,
      body: () => readSegment(segment),
    };
  }
}
