import { type Context, propagation, trace } from '@opentelemetry/api';
import { causeIn, effectOf, withCause } from '../carriers/caused-by.ts';
import { withoutArrivedToken } from './transaction-token.ts';

/**
 * The context of what happens behind a boundary that lies below the server's span, which is active: in no run and no
 * trace, linked to that span or to nothing. Where nothing came in, the span stays: there is nothing to be apart from.
 */
export const apartFrom = (active: Context, how: 'link' | 'discard'): Context => {
  const alone = withoutArrivedToken(propagation.deleteBaggage(active));
  const span = trace.getSpan(active);
  if (span === undefined) return alone;
  const isLinked = causeIn(active) !== undefined;
  if (!isContinued(span) && !(isLinked && how === 'discard')) return alone;
  const apart = effectOf(undefined, alone);
  return how === 'discard' ? apart : withCause(apart, { spanContext: span.spanContext(), kind: 'call' });
};

/** Of a span that is not recorded nobody can tell: it is taken to be. */
const isContinued = (span: object): boolean =>
  !('parentSpanContext' in span) || span.parentSpanContext !== undefined;
