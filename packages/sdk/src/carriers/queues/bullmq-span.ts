import {
  type Attributes,
  type Context,
  type Exception,
  type Span,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { withoutCause } from '../caused-by.ts';

/** BullMQ's `Span`. */
export interface TelemetrySpan {
  setSpanOnContext(ctx: Context): Context;
  setAttribute(key: string, value: Attributes[string]): void;
  setAttributes(attributes: Attributes): void;
  addEvent(name: string, attributes?: Attributes): void;
  recordException(exception: Exception): void;
  end(): void;
}

/** An OpenTelemetry span as BullMQ knows one, with OpenTelemetry's own names beside BullMQ's. */
export class BullMqSpan implements TelemetrySpan {
  readonly #span: Span;
  readonly #keepsResults: boolean;

  constructor(span: Span, keepsResults: boolean) {
    this.#span = span;
    this.#keepsResults = keepsResults;
  }

  setSpanOnContext(ctx: Context): Context {
    return trace.setSpan(withoutCause(ctx), this.#span);
  }

  setAttribute(key: string, value: Attributes[string]): void {
    this.setAttributes({ [key]: value });
  }

  setAttributes(attributes: Attributes): void {
    this.#span.setAttributes({ ...attributes, ...named(attributes) });
  }

  addEvent(name: string, attributes: Attributes = {}): void {
    const { [RESULT]: result, ...others } = attributes;
    this.#span.addEvent(name, this.#keepsResults ? attributes : others);
    if (name === 'job failed') this.#fail(String(attributes[FAILED_REASON] ?? ''));
  }

  recordException(exception: Exception): void {
    this.#span.recordException(exception);
    this.#fail(typeof exception === 'string' ? exception : (exception.message ?? ''));
  }

  end(): void {
    this.#span.end();
  }

  #fail(message: string): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: message.slice(0, MESSAGE_MAX_LENGTH) });
  }
}

/** What a processor returns may be anything, secrets too. */
const RESULT = 'bullmq.job.result';
const FAILED_REASON = 'bullmq.job.failed.reason';
const MESSAGE_MAX_LENGTH = 1000;

const NAMES = {
  'bullmq.queue.name': 'messaging.destination.name',
  'bullmq.queue.operation': 'messaging.operation.name',
  'bullmq.job.id': 'messaging.message.id',
} as const;

const named = (attributes: Attributes): Attributes => ({
  ...('bullmq.queue.name' in attributes && { 'messaging.system': 'bullmq' }),
  ...Object.fromEntries(
    Object.entries(NAMES).flatMap(([theirs, ours]) =>
      attributes[theirs] === undefined ? [] : [[ours, attributes[theirs]]],
    ),
  ),
});

/** In place of a span that is not worth one. */
export const UNTRACED: TelemetrySpan = {
  setSpanOnContext: (ctx) => ctx,
  setAttribute: () => {},
  setAttributes: () => {},
  addEvent: () => {},
  recordException: () => {},
  end: () => {},
};
