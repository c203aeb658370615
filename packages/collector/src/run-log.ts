import type { RunJournal, RunRecord } from '@whence/identity';
import type { Counters, Run } from '@whence/model';
import {
  decodeRunRows,
  encodeRunRow,
  RowWriter,
  readersOf,
  readSegmentBytes,
  type Spool,
  StoreError,
  type StoreLink,
} from '@whence/store';
import { COUNTED } from './counters.ts';

/**
 * The issuer's journal: run records go through the spool like any other record, and are found again in the store.
 * What processes claim of runs is written here too, and is never found: an issuer that took a claim for its own record
 * would pass on an authority that nobody gave.
 */
export class RunLog implements RunJournal {
  private readonly spool: Spool;
  private readonly link: StoreLink;
  private readonly counters: Counters;
  private readonly writer = new RowWriter();
  /** Runs whose newest record the store does not have yet, by batch. */
  private readonly unshipped = new Map<string, Map<string, Run>>();

  constructor(spool: Spool, link: StoreLink, counters: Counters) {
    this.spool = spool;
    this.link = link;
    this.counters = counters;
  }

  /** Takes up what an earlier process wrote and the store may not have yet. Before anything is shipped. */
  async restore(): Promise<void> {
    for (const segment of this.spool.waiting) {
      for (const run of decodeRunRows(await readSegmentBytes(segment))) this.keep(segment.id, run);
    }
  }

  append(record: RunRecord): Promise<void> {
    return this.appendAll([record]);
  }

  /** All or none, as one append of the spool. */
  async appendAll(records: readonly RunRecord[]): Promise<void> {
    const { batchId } = await this.spool.appendRecords(records.length, (place) => {
      const { firstRow, receivedAtMillis } = place;
      this.writer.reset();
      for (const [i, { record, run }] of records.entries()) {
        encodeRunRow(this.writer, record, run, {
          batchId: place.batchId,
          rowNumber: firstRow + i,
          receivedAtMillis,
        });
      }
      return this.writer.copyOut();
    });
    // On disk, and not shipped yet: that takes longer than to come here.
    for (const { run } of records) this.keep(Buffer.from(batchId).toString('hex'), run);
    this.counters.add(COUNTED.runsRecorded, records.length);
  }

  async find(tenant: string, runId: string): Promise<Run | undefined> {
    for (const batch of [...this.unshipped.values()].reverse()) {
      const run = batch.get(keyOf(tenant, runId));
      if (run !== undefined) return run;
    }
    const store = this.link.current;
    if (store === undefined) {
      throw new StoreError('spool_unavailable', `run ${runId} is not known here, and the store is away`);
    }
    const run = (await readersOf(store, tenant).runs.byId(runId))?.run;
    return run?.assurance === 'verified' ? run : undefined;
  }

  /** The store has that batch: its runs are found there from now on. */
  shipped(batchId: string): void {
    this.unshipped.delete(batchId.replaceAll('-', ''));
  }

  private keep(batchId: string, run: Run): void {
    if (run.assurance !== 'verified') return;
    const batch = batchId.replaceAll('-', '');
    let runs = this.unshipped.get(batch);
    if (runs === undefined) {
      runs = new Map();
      this.unshipped.set(batch, runs);
    }
    runs.set(keyOf(run.tenant, run.id), run);
  }
}

const keyOf = (tenant: string, runId: string): string => `${runId} ${tenant}`;
