import type { SpanRef } from '@whence/model';
import { type SpanEvidence, spanKey } from '@whence/store';

/** Spans of some traces, whole, as far as they have arrived. */
export interface Evidence {
  spanOf(ref: SpanRef): SpanEvidence | undefined;
  /** Children in the same trace. */
  childrenOf(ref: SpanRef): readonly SpanEvidence[];
  spansOf(traceId: string): readonly SpanEvidence[];
  /** Not looked at: whether it holds a span is not known. */
  isUnread(traceId: string): boolean;
}

export const evidenceOf = (
  traces: ReadonlyMap<string, readonly SpanEvidence[]>,
  unread: ReadonlySet<string> = new Set(),
): Evidence => {
  const spans = new Map<string, SpanEvidence>();
  const children = new Map<string, SpanEvidence[]>();
  for (const span of [...traces.values()].flat()) {
    spans.set(spanKey(span), span);
    if (span.parentSpanId === undefined) continue;
    const parent = spanKey({ traceId: span.traceId, spanId: span.parentSpanId });
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [span]);
    else siblings.push(span);
  }
  return {
    spanOf: (ref) => spans.get(spanKey(ref)),
    childrenOf: (ref) => children.get(spanKey(ref)) ?? [],
    spansOf: (traceId) => traces.get(traceId) ?? [],
    isUnread: (traceId) => unread.has(traceId),
  };
};
