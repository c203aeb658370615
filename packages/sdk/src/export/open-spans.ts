import { type Attributes, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { REFERENCE_KEY, WHENCE } from '@whence/model';
import { tracer } from '../runs/tracer.ts';

/** Beyond this, spans are not kept track of: somebody forgets to end theirs. */
const OPEN_MAX = 50_000;
/** What is open for longer is told of, once. */
const LONG_MILLIS = 5000;

/** The spans that began and have not ended: what the process was doing when it ended. */
export class OpenSpans implements SpanProcessor {
  /** In the order in which they began, with whether they have been told of. */
  readonly #open = new Map<Span, boolean>();
  readonly #watch: NodeJS.Timeout;

  constructor() {
    this.#watch = setInterval(() => this.#tellOfLong(), LONG_MILLIS);
    this.#watch.unref();
  }

  onStart(span: Span): void {
    if (this.#open.size < OPEN_MAX) this.#open.set(span, false);
  }

  onEnd(span: ReadableSpan): void {
    this.#open.delete(span as Span);
  }

  /** Ends them all as failed, the innermost first. */
  endAll(reason: string): void {
    for (const span of [...this.#open.keys()].reverse()) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: `unfinished: ${reason}` });
      span.end();
    }
  }

  stop(): void {
    clearInterval(this.#watch);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}

  /** A span is exported when it ends. One that takes long would leave no trace if the process were killed meanwhile. */
  #tellOfLong(): void {
    const before = Date.now() - LONG_MILLIS;
    for (const [span, told] of this.#open) {
      if (hrTimeToMilliseconds(span.startTime) > before) break;
      if (told || span.spanContext().traceState?.get(REFERENCE_KEY) === undefined) continue;
      this.#open.set(span, true);
      markOpen(span);
    }
  }
}

/** A child of no duration, which says what the open span is: there also where the span itself will never be. */
const markOpen = (span: Span): void => {
  const { startTime, name, attributes } = span;
  tracer()
    .startSpan(
      `open: ${name}`,
      {
        startTime,
        attributes: { ...actionOf(attributes), [WHENCE.openAction.key]: span.spanContext().spanId },
      },
      trace.setSpanContext(ROOT_CONTEXT, span.spanContext()),
    )
    .end(startTime);
};

/** What opens a run is the run's span alone. */
const actionOf = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => !CLAIMS.test(key)));

const CLAIMS = /^whence\.(?:run|principal|authority)\./;
