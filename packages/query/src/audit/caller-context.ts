import type { SpanRef } from '@whence/model';

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/;

/** The span that says it is the caller's (W3C Trace Context). Whoever sends it may have written anything. */
export const callerIn = (traceparent: string | undefined): SpanRef | undefined => {
  const [, traceId = '', spanId = ''] = TRACEPARENT.exec(traceparent?.trim() ?? '') ?? [];
  if (traceparent?.startsWith('ff') || /^0*$/.test(traceId) || /^0*$/.test(spanId)) return undefined;
  return { traceId, spanId };
};
