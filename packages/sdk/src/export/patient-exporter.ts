import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { messageOf } from '../runs/failure.ts';
import type { SpanLosses } from './span-losses.ts';

/** The OTLP exporter refuses more than 30 requests at a time; a flush of a full queue would be 64. */
const MAX_CONCURRENT = 4;
const FIRST_BACKOFF_MILLIS = 500;
const MAX_BACKOFF_MILLIS = 10_000;

/**
 * Takes every batch at once and holds it until the receiver has taken it, a few at a time: while the receiver is away, spans wait in memory
 * (`SpanQueue` bounds them all). A batch is lost, and counted, where the receiver refuses it, or after `giveUp`.
 */
export class PatientExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #losses: SpanLosses;
  readonly #onSettled: (spans: number) => void;
  readonly #waiting: ReadableSpan[][] = [];
  readonly #idle: (() => void)[] = [];
  #active = 0;
  #closed = false;
  #lastCall = new AbortController();

  /** @param onSettled called with the size of each batch that is exported or lost */
  constructor(exporter: SpanExporter, losses: SpanLosses, onSettled: (spans: number) => void) {
    this.#exporter = exporter;
    this.#losses = losses;
    this.#onSettled = onSettled;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#waiting.push(spans);
    this.#next();
    done({ code: ExportResultCode.SUCCESS });
  }

  /** Resolves when nothing waits any more. */
  forceFlush(): Promise<void> {
    if (this.#active === 0 && this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** What is on hand is tried once more; with the first failure all of it is lost. */
  giveUp(): void {
    this.#lastCall.abort();
  }

  async shutdown(): Promise<void> {
    this.#closed = true;
    this.giveUp();
    await this.forceFlush();
    await this.#exporter.shutdown();
  }

  #next(): void {
    while (this.#active < MAX_CONCURRENT) {
      const spans = this.#waiting.shift();
      if (spans === undefined) break;
      this.#active += 1;
      void this.#deliver(spans).then((result) => {
        this.#active -= 1;
        this.#settle(spans, result);
        this.#next();
      });
    }
    if (this.#active > 0) return;
    if (!this.#closed && this.#lastCall.signal.aborted) this.#lastCall = new AbortController();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #deliver(spans: ReadableSpan[]): Promise<ExportResult> {
    for (let backoff = FIRST_BACKOFF_MILLIS; ; backoff = Math.min(backoff * 2, MAX_BACKOFF_MILLIS)) {
      const result = await this.#attempt(spans);
      if (result.code === ExportResultCode.SUCCESS || isRefusal(result.error)) return result;
      if (this.#lastCall.signal.aborted) return result;
      await pause(backoff, this.#lastCall.signal);
    }
  }

  #attempt(spans: ReadableSpan[]): Promise<ExportResult> {
    return new Promise((resolve) => {
      try {
        this.#exporter.export(spans, resolve);
      } catch (error) {
        resolve({ code: ExportResultCode.FAILED, error: new Error(messageOf(error), { cause: error }) });
      }
    });
  }

  #settle(spans: ReadableSpan[], result: ExportResult): void {
    if (result.code === ExportResultCode.SUCCESS) this.#losses.exported();
    else this.#losses.exportFailed(spans.length, result.error?.message || 'no reason given');
    this.#onSettled(spans.length);
    if (result.code === ExportResultCode.SUCCESS || !this.#lastCall.signal.aborted) return;
    for (const batch of this.#waiting.splice(0)) this.#settle(batch, result);
  }
}

/** The OTLP exporter's errors carry the HTTP status as their code. Trying a refused batch again would not help it. */
const isRefusal = (error: Error | undefined): boolean => {
  const status = (error as { code?: unknown } | undefined)?.code;
  return typeof status === 'number' && status >= 400 && status < 500 && status !== 408 && status !== 429;
};

/** Does not keep the process alive. */
const pause = (millis: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(finish, millis);
    timer.unref();
    signal.addEventListener('abort', finish, { once: true });
    function finish(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    }
  });
