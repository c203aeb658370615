import { type Attributes, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { OTEL, REFERENCE_KEY, WHENCE } from '@whence/model';
import { tracer } from '../runs/tracer.ts';

/** Beyond this, spans are not kept track of: somebody forgets to end theirs. */
const OPEN_MAX = 50_000;
/** What is open for longer is told of, once. */
const LONG_MILLIS = 5000;

/** The spans that began and have not ended: what the process was doing when it ended. */
export class OpenSpans implements SpanProcessor {
  /** In the order in which they began, with whether they have been told of. */
  readonly #open = new Map<Span, boolean>();
  readonly #longMillis: number;
  readonly #watch: NodeJS.Timeout;

  constructor(longMillis = LONG_MILLIS) {
    this.#longMillis = longMillis;
    this.#watch = setInterval(() => this.#tellOfLong(), longMillis);
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
    const before = Date.now() - this.#longMillis;
    for (const [span, told] of this.#open) {
      if (hrTimeToMilliseconds(span.startTime) > before) break;
      if (told || span.spanContext().traceState?.get(REFERENCE_KEY) === undefined) continue;
      this.#open.set(span, true);
      markOpen(span);
    }
  }
}

/**
 * A mark of the recorder: a child of no duration, which says what the open span is; there also where the span itself
 * will never be.
 */
const markOpen = (span: Span): void => {
  const { startTime, name, attributes } = span;
  tracer()
    .startSpan(
      `open: ${name}`,
      {
        startTime,
        attributes: {
          [WHENCE.actionSystem.key]: 'whence',
          [WHENCE.actionOperation.key]: 'open',
          [WHENCE.openAction.key]: span.spanContext().spanId,
          ...first(WHENCE.actionTarget.key, attributes, TARGETS),
          ...first(WHENCE.actionStatement.key, attributes, STATEMENTS),
        },
      },
      trace.setSpanContext(ROOT_CONTEXT, span.spanContext()),
    )
    .end(startTime);
};

const TARGETS = [WHENCE.actionTarget.key, OTEL.urlFull.key, OTEL.messagingDestination.key];
const STATEMENTS = [WHENCE.actionStatement.key, OTEL.dbQuery.key, OTEL.processCommandLine.key];

const first = (as: string, attributes: Attributes, keys: readonly string[]): Attributes => {
  const key = keys.find((each) => attributes[each] !== undefined);
  return key === undefined ? {} : { [as]: attributes[key] };
};
