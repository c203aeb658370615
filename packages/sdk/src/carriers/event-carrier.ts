import { context } from '@opentelemetry/api';
import { carrierOf } from './carrier.ts';

/** Attributes of a CloudEvent. */
export interface EventCarrier {
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly causationid?: string;
}

/**
 * The active span and run as CloudEvents has them (extension "distributed tracing"), to be spread into an event:
 * `new CloudEvent({ type, source, data, ...eventCarrier() })`. Nothing where no span is active. Its consumer calls
 * `causedBy(event, 'message', …)`.
 *
 * @param cause the event that brought this one about: its id becomes `causationid`, for whoever reads the events
 * themselves. `who` rests on the trace, not on that.
 */
export const eventCarrier = (cause?: { readonly id?: string }): EventCarrier => {
  const { traceparent, tracestate } = carrierOf(context.active());
  return {
    ...(traceparent === '' ? {} : { traceparent }),
    ...(traceparent === '' || tracestate === undefined || tracestate === '' ? {} : { tracestate }),
    ...(cause?.id === undefined ? {} : { causationid: cause.id }),
  };
};
