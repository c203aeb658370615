import type { Sender, Sent } from './sender.ts';
import type { SpanLosses } from './span-losses.ts';
import type { Batch, SpooledBatch, SpoolFolder } from './spool-folder.ts';

/** A flush of a full queue is 64 requests: enough of them at a time to hide the receiver's latency. */
const MAX_CONCURRENT = 4;
const FIRST_BACKOFF_MILLIS = 500;
const MAX_BACKOFF_MILLIS = 10_000;
/** Until what an earlier process left behind is looked for, first and then again and again. */
const FIRST_LOOK_MILLIS = 1000;
const NEXT_LOOK_MILLIS = 60_000;

/**
 * From a cut batch to the receiver. While the receiver is away, batches go to the spool (or wait in memory where there
 * is none, or it is full), and one of them is tried now and then; when it is back, the oldest are sent first and new
 * ones beside them. A batch that the receiver refuses is lost, and counted.
 */
export class Outbox {
  readonly #sender: Sender;
  readonly #spool: SpoolFolder | undefined;
  readonly #losses: SpanLosses;
  readonly #onSettled: (spans: number) => void;
  readonly #waiting: Batch[] = [];
  readonly #underWay = new Set<Batch>();
  readonly #idle: (() => void)[] = [];
  #away = false;
  #spoolFull = false;
  /** Something was put on disk since the spool was last looked through. */
  #spooledSince = false;
  /** How often a batch on disk was tried in vain: one that the receiver always fails at must not hold up the others. */
  readonly #inVain = new Map<string, number>();
  #backoffMillis = FIRST_BACKOFF_MILLIS;
  #retry: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;

  /** @param onSettled called with the size of each batch that is with the receiver, on disk, or lost */
  constructor(
    sender: Sender,
    spool: SpoolFolder | undefined,
    losses: SpanLosses,
    onSettled: (spans: number) => void,
  ) {
    this.#sender = sender;
    this.#spool = spool;
    this.#losses = losses;
    this.#onSettled = onSettled;
    if (spool !== undefined) this.#retryIn(FIRST_LOOK_MILLIS);
  }

  put(batch: Batch): void {
    this.#waiting.push(batch);
    this.#next();
  }

  /**
   * Resolves when nothing is held in memory any more: all is with the receiver, on disk, or lost. A receiver that was
   * away is tried at once. The caller bounds the wait.
   */
  async flush(): Promise<void> {
    if (this.#away || this.hasSpooled()) await this.#tryAgain();
    await this.#draining;
    if (this.#underWay.size === 0 && this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** For the end of the process: what is in memory goes to disk, now. What is under way may then arrive twice. */
  spill(): void {
    clearTimeout(this.#retry);
    for (const batch of [...this.#underWay, ...this.#waiting.splice(0)]) {
      if (this.#spool?.addNow(batch).status === 'kept') {
        this.#losses.spooled(batch.spans, this.#spool.path);
        this.#onSettled(batch.spans);
      }
    }
    this.#underWay.clear();
    this.#spool?.close();
  }

  hasSpooled(): boolean {
    return this.#spool !== undefined && this.#spool.bytes > 0;
  }

  #next(): void {
    while (this.#underWay.size < MAX_CONCURRENT && !this.#isStuck()) {
      const batch = this.#waiting.shift();
      if (batch === undefined) break;
      this.#underWay.add(batch);
      void this.#deliver(batch).then(() => {
        this.#underWay.delete(batch);
        this.#next();
      });
    }
    if (this.#underWay.size > 0 || this.#waiting.length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #isStuck(): boolean {
    return this.#away && (this.#spool === undefined || this.#spoolFull);
  }

  async #deliver(batch: Batch): Promise<void> {
    if (this.#away) return this.#keep(batch);
    const sent = await this.#sender.send(batch.request);
    if (!this.#underWay.has(batch)) return;
    if (sent.status === 'away') {
      this.#wentAway(sent);
      return this.#keep(batch);
    }
    this.#answered(batch, sent);
    this.#onSettled(batch.spans);
  }

  async #keep(batch: Batch): Promise<void> {
    const kept = await this.#spool?.add(batch);
    if (kept?.status === 'kept') {
      this.#losses.spooled(batch.spans, this.#spool!.path);
      this.#onSettled(batch.spans);
      this.#spooledSince = true;
      if (!this.#away) void this.#tryAgain();
      return;
    }
    this.#spoolFull = true;
    if (kept !== undefined) this.#losses.spoolFull(kept.reason);
    this.#waiting.unshift(batch);
  }

  #answered(batch: Batch, sent: Exclude<Sent, { status: 'away' }>): void {
    this.#backoffMillis = FIRST_BACKOFF_MILLIS;
    if (sent.status === 'refused') this.#losses.exportFailed(batch.spans, sent.reason);
    else if (sent.rejected > 0) this.#losses.exportFailed(sent.rejected, sent.reason);
    else this.#losses.exported();
  }

  #wentAway({ reason, retryAfterMillis }: Extract<Sent, { status: 'away' }>): void {
    this.#losses.away(reason);
    this.#away = true;
    this.#retryIn(retryAfterMillis ?? this.#backoffMillis);
    this.#backoffMillis = Math.min(this.#backoffMillis * 2, MAX_BACKOFF_MILLIS);
  }

  /** Does not keep the process alive. */
  #retryIn(millis: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#tryAgain(), millis);
    this.#retry.unref();
  }

  /** The spool, oldest first, until it is empty or the receiver is away again; without any, one that waits here. */
  #tryAgain(): Promise<void> {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
      if (!this.#away && this.#spool !== undefined) this.#retryIn(this.#spooledSince ? 0 : NEXT_LOOK_MILLIS);
      this.#next();
    });
    return this.#draining;
  }

  async #drain(): Promise<void> {
    const tried = new Set<string>();
    for (;;) {
      this.#spooledSince = false;
      const batch = await this.#nextSpooled(tried);
      if (batch === undefined) return this.#tryOneThatWaits();
      const sent = await this.#sender.send(batch.request);
      if (sent.status === 'away') {
        await batch.putBack();
        const hopeless = this.#hopeless().has(batch.name);
        this.#inVain.set(batch.name, (this.#inVain.get(batch.name) ?? 0) + 1);
        if (!hopeless || this.#away) return this.#wentAway(sent);
        tried.add(batch.name);
        continue;
      }
      await batch.remove();
      this.#inVain.delete(batch.name);
      this.#answered(batch, sent);
      this.#isBack();
    }
  }

  /** The oldest; those that were tried three times in vain come last. */
  async #nextSpooled(tried: ReadonlySet<string>): Promise<SpooledBatch | undefined> {
    const hopeless = this.#hopeless();
    return (
      (await this.#spool?.takeOldest(hopeless)) ??
      (hopeless.size === 0 ? undefined : this.#spool?.takeOldest(tried))
    );
  }

  #hopeless(): ReadonlySet<string> {
    return new Set([...this.#inVain].filter(([, times]) => times >= 3).map(([name]) => name));
  }

  async #tryOneThatWaits(): Promise<void> {
    if (!this.#away) return;
    const batch = this.#waiting.shift();
    if (batch === undefined) return this.#isBack();
    this.#underWay.add(batch);
    const sent = await this.#sender.send(batch.request);
    if (!this.#underWay.delete(batch)) return;
    if (sent.status === 'away') {
      this.#waiting.unshift(batch);
      return this.#wentAway(sent);
    }
    this.#answered(batch, sent);
    this.#onSettled(batch.spans);
    this.#isBack();
  }

  #isBack(): void {
    this.#spoolFull = false;
    if (!this.#away) return;
    this.#away = false;
    this.#losses.back();
    this.#next();
  }
}
