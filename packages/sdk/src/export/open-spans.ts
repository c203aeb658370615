import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';

/** Beyond this, spans are not kept track of: somebody forgets to end theirs. */
const OPEN_MAX = 50_000;

/** The spans that began and have not ended: what the process was doing when it ended. */
export class OpenSpans implements SpanProcessor {
  readonly #open = new Set<Span>();

  onStart(span: Span): void {
    if (this.#open.size < OPEN_MAX) this.#open.add(span);
  }

  onEnd(span: ReadableSpan): void {
    this.#open.delete(span as Span);
  }

  /** Ends them all as failed, the innermost first. */
  endAll(reason: string): void {
    for (const span of [...this.#open].reverse()) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: `unfinished: ${reason}` });
      span.end();
    }
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
