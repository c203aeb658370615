import type { Link, SpanContext } from '@opentelemetry/api';
import { linksTo } from '../caused-by.ts';

/**
 * The attempts that this process has made at jobs which may be tried again. BullMQ gives each attempt the producer's
 * carrier, and none of the attempt before. Those made by other processes are not known here.
 */
export class LastAttempts {
  readonly #spans = new Map<string, SpanContext>();

  /** The link to the attempt before, where there was one here. */
  linksTo(job: string): Link[] {
    const spanContext = this.#spans.get(job);
    return spanContext === undefined ? [] : linksTo({ spanContext, kind: 'retry' });
  }

  made(job: string, spanContext: SpanContext): void {
    this.#spans.delete(job);
    this.#spans.set(job, spanContext);
    if (this.#spans.size > ATTEMPTS_MAX) this.#spans.delete(this.#spans.keys().next().value!);
  }
}

/** The oldest are forgotten: some 3 MB. */
const ATTEMPTS_MAX = 10_000;
