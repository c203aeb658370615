import type { Span, TracerProvider } from '@opentelemetry/api';

/**
 * Hands over each span that an instrumentation starts, before it goes on: official instrumentations keep theirs to
 * themselves. `provider` is to be given to their `setTracerProvider`.
 */
export interface WatchedSpans {
  provider(provider: TracerProvider): TracerProvider;
  /** The span started last, once. */
  take(): Span | undefined;
}

export const watchedSpans = (started: (span: Span) => void = () => {}): WatchedSpans => {
  let last: Span | undefined;
  return {
    provider: (provider) => ({
      getTracer: (...identity) => {
        const tracer = provider.getTracer(...identity);
        return {
          startSpan: (...given) => {
            last = tracer.startSpan(...given);
            started(last);
            return last;
          },
          startActiveSpan: tracer.startActiveSpan.bind(tracer),
        };
      },
    }),
    take: () => {
      const span = last;
      last = undefined;
      return span;
    },
  };
};
