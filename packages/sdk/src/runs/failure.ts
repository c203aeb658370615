import { type Span, SpanStatusCode } from '@opentelemetry/api';

const MESSAGE_MAX_LENGTH = 1000;

export const recordFailure = (span: Span, error: unknown): void => {
  const message = messageOf(error);
  span.recordException(error instanceof Error ? error : message);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
};

/** Of anything that can be thrown, for people, at most 1,000 characters. */
export const messageOf = (error: unknown): string => {
  try {
    return (error instanceof Error ? String(error.message) : String(error)).slice(0, MESSAGE_MAX_LENGTH);
  } catch {
    return 'something that has no text was thrown';
  }
};
