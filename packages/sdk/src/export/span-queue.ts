import { TraceFlags } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { WHENCE } from '@whence/model';
import { messageOf } from '../runs/failure.ts';
import { Outbox } from './outbox.ts';
import type { Sender } from './sender.ts';
import type { SpanLosses } from './span-losses.ts';
import type { SpoolFolder } from './spool-folder.ts';

export interface SpanQueueLimits {
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  readonly scheduledDelayMillis: number;
}

/**
 * From the end of a span to its batch: bounded, with what it drops counted. Every span gets the next number of this
 * process (`whence.sequence`), those that are dropped as well: a gap in the record is a loss before the collector.
 */
export class SpanQueue implements SpanProcessor {
  readonly #limits: SpanQueueLimits;
  readonly #losses: SpanLosses;
  readonly #outbox: Outbox;
  #ended: ReadableSpan[] = [];
  #held = 0;
  #sequence = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #cutting: Promise<void> | undefined;

  constructor(sender: Sender, spool: SpoolFolder | undefined, limits: SpanQueueLimits, losses: SpanLosses) {
    this.#limits = limits;
    this.#losses = losses;
    this.#outbox = new Outbox(sender, spool, losses, (spans) => {
      this.#held -= spans;
      if (!this.#closed) this.#losses.room();
    });
  }

  /** Spans ended and neither with the receiver, on disk nor lost yet. */
  get held(): number {
    return this.#held;
  }

  hasSpooled(): boolean {
    return this.#outbox.hasSpooled();
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    const full = this.#held >= this.#limits.maxQueueSize;
    if (full || this.#closed) {
      this.#sequence += 1;
      this.#losses.dropped(
        full
          ? `${this.#held} wait to be exported already (OTEL_BSP_MAX_QUEUE_SIZE)`
          : 'they ended after shutdown',
      );
      return;
    }
    this.#held += 1;
    this.#ended.push(span);
    if (this.#timer === undefined) this.#cutIn(this.#limits.scheduledDelayMillis);
    if (this.#ended.length === this.#limits.maxExportBatchSize) this.#cutIn(0);
  }

  /** Resolves when all that has ended is with the receiver, on disk, or lost. The caller bounds the wait. */
  async forceFlush(): Promise<void> {
    await this.#cut();
    await this.#outbox.flush();
  }

  /** For the end of the process: what is in memory goes to disk, now. */
  spill(): void {
    clearTimeout(this.#timer);
    this.#cutNow();
    this.#outbox.spill();
  }

  async shutdown(): Promise<void> {
    this.#closed = true;
    this.spill();
  }

  /** Not in the midst of the host's work. Does not keep the process alive. */
  #cutIn(millis: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#cut(), millis);
    this.#timer.unref();
  }

  async #cut(): Promise<void> {
    this.#cutting ??= this.#whenResourceIsKnown().then(() => {
      this.#cutting = undefined;
      this.#cutNow();
    });
    await this.#cutting;
  }

  /** Detectors of the resource may take their time, once. */
  async #whenResourceIsKnown(): Promise<void> {
    const resource = this.#ended[0]?.resource;
    if (resource?.asyncAttributesPending) await resource.waitForAsyncAttributes?.().catch(() => {});
  }

  #cutNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ended = this.#ended;
    this.#ended = [];
    for (let from = 0; from < ended.length; from += this.#limits.maxExportBatchSize) {
      this.#put(ended.slice(from, from + this.#limits.maxExportBatchSize));
    }
  }

  #put(spans: ReadableSpan[]): void {
    for (const span of spans) span.attributes[WHENCE.sequence.key] = ++this.#sequence;
    try {
      const request = ProtobufTraceSerializer.serializeRequest(spans);
      if (request === undefined) throw new Error('nothing came of it');
      this.#outbox.put({ request, spans: spans.length });
    } catch (error) {
      this.#held -= spans.length;
      this.#losses.exportFailed(spans.length, `they cannot be encoded: ${messageOf(error)}`);
    }
  }
}
