import { type Context, trace } from '@opentelemetry/api';
import { withCause } from '../carriers/caused-by.ts';
import { scopeOf } from '../runs/run-scope.ts';

/** What came in is a cause that may be followed, and nothing that is relied on: the request's trace is its own. */
export const linkedTo = (extracted: Context, from: Context): Context => {
  const spanContext = trace.getSpanContext(extracted);
  return spanContext === undefined || spanContext === trace.getSpanContext(from)
    ? from
    : withCause(from, { spanContext, kind: 'call' });
};

/** Whether a reference carries no MAC: anyone can have written it. */
export const isUnsigned = (reference: string): boolean => scopeOf(reference)?.assurance === 'asserted';
