import {
  type Batch,
  countRows,
  type HeldRows,
  heldRows,
  type InsertOutcome,
  insertBatch,
} from '../batches.ts';
import type { Store } from '../open.ts';
import type { DeliveryCounts } from './delivery-counts.ts';
import { compareRows, partOf, type SegmentRow, type SegmentRows, splitRows } from './segment-rows.ts';
import type { ShipLog } from './ship-log.ts';
import { pause, unlessAborted } from './store-link.ts';

export interface DeliveryParts {
  readonly store: Store;
  readonly log: ShipLog;
  readonly counts: DeliveryCounts;
  /** Gives up: what was not delivered by then stays in the spool. */
  readonly signal: AbortSignal;
  readonly patience?: Patience;
}

/** Milliseconds. */
export interface Patience {
  readonly firstBackoff: number;
  readonly maxBackoff: number;
  /** For so long a store may say "stored" and not show the rows: a replica may be behind. */
  readonly tokenTrusted: number;
}

const PATIENCE: Patience = { firstBackoff: 200, maxBackoff: 10_000, tokenTrusted: 300_000 };

/** A batch of which the store refuses more rows than this is set aside with all that is left of it. */
const POISON_MAX = 64;

export type Delivered =
  | { readonly status: 'delivered' }
  /** All but these: the store will never take them. */
  | { readonly status: 'refused'; readonly rows: number; readonly error: unknown }
  | { readonly status: 'given up' };

/**
 * Brings one batch into the store, each row once: whatever is not known to be there is looked for before it is sent
 * (again), row by row and by content. So neither a lost answer, nor a store that has forgotten the token, nor one that
 * has a part of the batch, nor one that has something else under its id, makes a row twice or loses one.
 */
export class Delivery {
  readonly #batch: Batch;
  readonly #readBytes: () => Promise<Uint8Array>;
  readonly #parts: DeliveryParts;
  readonly #patience: Patience;
  /** Of the rows that the store refuses, the numbers. */
  readonly #poison = new Set<number>();
  #refusal: unknown;
  #rows: SegmentRows | undefined;
  #backoff: number;
  #reported = '';

  constructor(batch: Batch, readBytes: () => Promise<Uint8Array>, parts: DeliveryParts) {
    this.#batch = batch;
    this.#readBytes = readBytes;
    this.#parts = parts;
    this.#patience = parts.patience ?? PATIENCE;
    this.#backoff = this.#patience.firstBackoff;
  }

  /** @param uncertain an attempt may have been made before */
  async run(uncertain: boolean): Promise<Delivered> {
    const { signal } = this.#parts;
    if (!uncertain) {
      const outcome = await this.#insert(this.#batch);
      if (outcome?.status === 'stored') return { status: 'delivered' };
      if (outcome?.status === 'refused') await this.#sift((await this.#split()).rows);
      else if (outcome !== undefined) await this.#wait(outcome.error);
    }
    let seen = -1;
    let storedAt: number | undefined;
    while (!signal.aborted) {
      const held = await this.#held();
      if (held === undefined) break;
      const left = await this.#missing(held);
      if (left?.length === 0) return this.#end();
      if (held.size > 0 && held.size !== seen) {
        // A part may be growing: an insert whose answer was lost may still be at work.
        seen = held.size;
        await this.#pause();
        continue;
      }
      const outcome = await this.#insert(await this.#toSend(held, left, storedAt));
      if (outcome === undefined) break;
      if (outcome.status === 'refused') await this.#sift(left ?? (await this.#split()).rows);
      else if (outcome.status === 'uncertain') await this.#wait(outcome.error);
      else {
        if (left === undefined && (await this.#count()) === this.#batch.rows) return { status: 'delivered' };
        if (storedAt !== undefined) await this.#pause();
        storedAt ??= performance.now();
      }
    }
    return { status: 'given up' };
  }

  /** Sends the rows in halves, and these in halves, until those that the store refuses stand alone. */
  async #sift(rows: readonly SegmentRow[]): Promise<void> {
    if (rows.length === 0 || this.#parts.signal.aborted) return;
    if (this.#poison.size >= POISON_MAX) {
      for (const { number } of rows) this.#poison.add(number);
      return;
    }
    const outcome = await this.#insert(partOf(this.#batch, (await this.#split()).bytes, rows));
    // Stored or not known: the next look at the store tells.
    if (outcome?.status !== 'refused') return;
    this.#refusal = outcome.error;
    if (rows.length === 1) {
      this.#poison.add(rows[0]!.number);
      return;
    }
    const middle = Math.ceil(rows.length / 2);
    await this.#sift(rows.slice(0, middle));
    await this.#sift(rows.slice(middle));
  }

  #end(): Delivered {
    const undecodable = this.#rows === undefined ? 0 : this.#batch.rows - this.#rows.rows.length;
    const rows = this.#poison.size + undecodable;
    if (rows === 0) return { status: 'delivered' };
    this.#parts.log.error(
      {
        err: this.#refusal,
        batch: this.#batch.id,
        rows,
        numbers: [...this.#poison].slice(0, POISON_MAX),
        undecodable,
      },
      'rows that the store will never take are set aside',
    );
    return { status: 'refused', rows, error: this.#refusal };
  }

  /** Rows that are not there as they are; undefined: none is, which needs no look at each. */
  async #missing(held: HeldRows): Promise<readonly SegmentRow[] | undefined> {
    if (held.size === 0 && this.#rows === undefined) return undefined;
    const { rows } = await this.#split();
    const { missing, others, repeated } = compareRows(rows, held);
    this.#report('other_rows', others);
    this.#report('rows_twice', repeated);
    return missing.filter(({ number }) => !this.#poison.has(number));
  }

  async #toSend(
    held: HeldRows,
    left: readonly SegmentRow[] | undefined,
    storedAt: number | undefined,
  ): Promise<Batch> {
    const { log, counts } = this.#parts;
    const { id, rows } = this.#batch;
    const part = left === undefined ? this.#batch : partOf(this.#batch, (await this.#split()).bytes, left);
    if (held.size > 0) {
      counts.add('batchesRepaired', 1, this.#label);
      log.warn({ batch: id, missing: part.rows, of: rows }, 'the store has a part of a batch');
    }
    if (storedAt === undefined || performance.now() - storedAt < this.#patience.tokenTrusted) return part;
    // The store knows the token, and yet has no such rows: they were deleted there, or it has lost them.
    log.error({ batch: id, rows: part.rows }, 'rows that the store had are gone: sent under another token');
    return { ...part, token: `${part.token}:${Date.now()}` };
  }

  /** What cannot be so by anything that we do: said once, and never repaired by taking something away. */
  #report(kind: 'other_rows' | 'rows_twice', numbers: readonly number[]): void {
    if (numbers.length === 0 || this.#reported.includes(kind)) return;
    this.#reported += kind;
    const { log, counts } = this.#parts;
    counts.add('batchesInConflict', 1, `${this.#label},kind="${kind}"`);
    log.error(
      { batch: this.#batch.id, rows: numbers.length, first: numbers[0] },
      `under the id of a batch the store has ${kind.replace('_', ' ')}`,
    );
  }

  async #split(): Promise<SegmentRows> {
    this.#rows ??= await splitRows(this.#batch.table, await this.#readBytes());
    return this.#rows;
  }

  #insert(batch: Batch): Promise<InsertOutcome | undefined> {
    return unlessAborted(insertBatch(this.#parts.store, batch), this.#parts.signal);
  }

  #held(): Promise<HeldRows | undefined> {
    return this.#untilAnswered(() => heldRows(this.#parts.store, this.#batch));
  }

  #count(): Promise<number | undefined> {
    return this.#untilAnswered(() => countRows(this.#parts.store, this.#batch));
  }

  /** Waits for as long as the store does not answer; undefined: we are to stop. */
  async #untilAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    const { signal, log } = this.#parts;
    while (!signal.aborted) {
      try {
        return await unlessAborted(ask(), signal);
      } catch (error) {
        log.warn({ err: error, retryInMillis: this.#backoff }, 'the store does not answer');
        await this.#pause();
      }
    }
    return undefined;
  }

  async #wait(error: unknown): Promise<void> {
    const { log, counts } = this.#parts;
    counts.add('shipRetries', 1, this.#label);
    log.warn(
      { err: error, batch: this.#batch.id, retryInMillis: this.#backoff },
      'batch not known to be stored',
    );
    await this.#pause();
  }

  async #pause(): Promise<void> {
    const millis = this.#backoff;
    this.#backoff = Math.min(millis * 2, this.#patience.maxBackoff);
    await pause(millis, this.#parts.signal);
  }

  get #label(): string {
    return `table="${this.#batch.table.name}"`;
  }
}
