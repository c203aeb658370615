import { type Context, context, type Span, trace } from '@opentelemetry/api';
import { recordFailure } from '../../runs/failure.ts';

/** One message of several that a handler got at once, by the span of its own. */
export interface TakenUp {
  /** Does `fn` as the message's work, and ends its span as `fn` ends. */
  during(detached: Context, fn: () => unknown): unknown;
}

const spans = new WeakMap<object, Span>();

/** `span` stands for what will be done for `message`. */
export const takeUp = (message: object, span: Span): void => {
  spans.set(message, span);
};

/** Undefined for a message that no traced library has delivered, and once its work is done. */
export const takenUp = (message: object): TakenUp | undefined => {
  const span = spans.get(message);
  if (span === undefined) return undefined;
  return {
    during: async (detached, fn) => {
      spans.delete(message);
      try {
        return await context.with(trace.setSpan(detached, span), fn);
      } catch (error) {
        recordFailure(span, error);
        throw error;
      } finally {
        span.end();
        leaveAsItIs(span);
      }
    },
  };
};

/** The library ends all spans of a batch when that ends, and marks each of them with what one of them met. */
const leaveAsItIs = (span: Span): void => {
  span.end = () => {};
  span.setAttribute = () => span;
  span.setStatus = () => span;
  span.recordException = () => {};
};
