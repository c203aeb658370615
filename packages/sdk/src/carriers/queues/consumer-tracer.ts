import type { Span, SpanOptions, Tracer } from '@opentelemetry/api';
import { type Attributes, type Context, context, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { WHENCE } from '@whence/model';
import { withRun } from '../../runs/run-scope.ts';
import { effectOf } from '../caused-by.ts';
import { agreedRun, deliveriesIn, linksToAll } from './deliveries.ts';

/**
 * The tracer of an official instrumentation, with what it says of received messages put right: where it makes a
 * message's work a child of the producer (one trace without an end), this begins a new trace in the message's run,
 * linked to the producer. Spans of anything else pass through.
 */
export class ConsumerTracer implements Tracer {
  readonly #tracer: Tracer;
  readonly #messageIn: (attributes: Attributes) => string | undefined;

  /** @param messageIn what tells a message among the deliveries, of the attributes of its span */
  constructor(tracer: Tracer, messageIn: (attributes: Attributes) => string | undefined) {
    this.#tracer = tracer;
    this.#messageIn = messageIn;
  }

  startSpan(name: string, options: SpanOptions = {}, around: Context = context.active()): Span {
    const deliveries = deliveriesIn(context.active());
    if (deliveries === undefined) return this.#tracer.startSpan(name, options, around);
    const { kind, attributes = {} } = options;
    if (kind === SpanKind.CONSUMER) {
      const delivery = deliveries.get(this.#messageIn(attributes));
      return this.#tracer.startSpan(
        name,
        { ...options, links: [], attributes: { ...attributes, ...attemptOf(delivery?.attempt) } },
        effectOf(delivery?.cause, ROOT_CONTEXT),
      );
    }
    if (attributes['messaging.operation.type'] === 'receive') {
      const run = agreedRun(deliveries);
      return this.#tracer.startSpan(
        name,
        { ...options, links: linksToAll(deliveries) },
        run === undefined ? ROOT_CONTEXT : withRun(ROOT_CONTEXT, run),
      );
    }
    return this.#tracer.startSpan(name, options, around);
  }

  readonly startActiveSpan: Tracer['startActiveSpan'] = (...args: unknown[]) =>
    (this.#tracer.startActiveSpan as (...args: unknown[]) => never)(...args);
}

/** Said from the second attempt on. */
export const attemptOf = (attempt: number | undefined): Attributes =>
  attempt === undefined || attempt < 2 ? {} : { [WHENCE.messageAttempt.key]: attempt };
