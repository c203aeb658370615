import { type Attributes, type Context, SpanKind, trace } from '@opentelemetry/api';

interface RecordedSpan {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
}

/**
 * The host to which what is injected into this context goes; undefined where that is not known for certain. http,
 * undici and gRPC tell it in the client span, before they inject. A span that is not recorded tells nothing, and the
 * address on a server's span is its own, as its caller spelt it.
 */
export const destinationOf = (context: Context): string | undefined => {
  const { kind, attributes } = (trace.getSpan(context) ?? {}) as RecordedSpan;
  if (kind !== SpanKind.CLIENT) return undefined;
  const host = attributes?.['server.address'];
  return typeof host === 'string' ? host : undefined;
};
