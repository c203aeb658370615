import { TraceFlags } from '@opentelemetry/api';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { PatientExporter } from './patient-exporter.ts';
import type { SpanLosses } from './span-losses.ts';

export interface SpanQueueLimits {
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  readonly scheduledDelayMillis: number;
}

/**
 * OpenTelemetry's batch processor, with a bound that counts every span in memory (also those being exported), and
 * with what it drops counted instead of forgotten.
 */
export class SpanQueue implements SpanProcessor {
  readonly #limits: SpanQueueLimits;
  readonly #losses: SpanLosses;
  readonly #exporter: PatientExporter;
  readonly #batches: BatchSpanProcessor;
  #held = 0;
  #closed = false;

  constructor(exporter: SpanExporter, limits: SpanQueueLimits, losses: SpanLosses) {
    this.#limits = limits;
    this.#losses = losses;
    this.#exporter = new PatientExporter(exporter, losses, (spans) => {
      this.#held -= spans;
    });
    this.#batches = new BatchSpanProcessor({ ...limits, exporter: this.#exporter });
  }

  /** Spans ended and neither exported nor lost yet. */
  get held(): number {
    return this.#held;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#closed) {
      this.#losses.dropped('they ended after shutdown');
    } else if (this.#held >= this.#limits.maxQueueSize) {
      this.#losses.dropped(`${this.#held} wait to be exported already (OTEL_BSP_MAX_QUEUE_SIZE)`);
    } else {
      this.#losses.queued();
      this.#held += 1;
      this.#batches.onEnd(span);
    }
  }

  /** Resolves when everything that has ended is exported or lost. The caller bounds the wait. */
  async forceFlush(): Promise<void> {
    await this.#batches.forceFlush();
    await this.#exporter.forceFlush();
  }

  /** Stops waiting for a receiver that is away: what it does not take now is lost, and counted. */
  giveUp(): void {
    this.#exporter.giveUp();
  }

  async shutdown(): Promise<void> {
    this.#closed = true;
    this.giveUp();
    await this.#batches.shutdown();
  }
}
