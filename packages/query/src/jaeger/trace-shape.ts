import type { SpanPlace, TraceLayout } from '@whence/store';

/** How the spans of a trace hang together, as far as the trace is shown. */
export interface TraceShape {
  readonly traceId: string;
  /** Spans shown. */
  readonly spanIds: ReadonlySet<string>;
  /** Records that are left out, and of how many. */
  readonly leftOut?: { readonly records: number; readonly of: number };
  /** Spans without a parent among those shown, oldest first. */
  readonly tops: readonly SpanPlace[];
  /** Whether the parent of this span leads back to it: shown as a root. */
  isCut(spanId: string): boolean;
  /**
   * Whether `above` may be drawn above the span. Viewers take any reference for a parent, and show nothing of what
   * hangs in a circle. Each yes is kept to.
   */
  mayHangBelow(spanId: string, above: string): boolean;
}

export const shapeOf = (
  traceId: string,
  { places, records }: Pick<TraceLayout, 'places' | 'records'>,
): TraceShape => {
  const spans = places.filter(({ isMark }) => !isMark);
  const spanIds = new Set(spans.map(({ spanId }) => spanId));
  const above = new Map<string, string>();
  for (const { spanId, parentSpanId } of spans) {
    if (parentSpanId !== undefined && spanIds.has(parentSpanId) && !above.has(spanId)) {
      above.set(spanId, parentSpanId);
    }
  }
  const cut = cutCircles(spans, above);
  return {
    traceId,
    spanIds,
    ...(records === undefined ? {} : { leftOut: { records: records - places.length, of: records } }),
    tops: spans.filter(({ spanId }) => !above.has(spanId)),
    isCut: (spanId) => cut.has(spanId),
    mayHangBelow: (spanId, wanted) => {
      if (above.has(spanId)) return true;
      for (let at: string | undefined = wanted; at !== undefined; at = above.get(at)) {
        if (at === spanId) return false;
      }
      above.set(spanId, wanted);
      return true;
    },
  };
};

/** The span of each circle that began first loses its parent. */
const cutCircles = (spans: readonly SpanPlace[], above: Map<string, string>): ReadonlySet<string> => {
  const rank = new Map(spans.map(({ spanId }, index) => [spanId, index]));
  const settled = new Set<string>();
  const cut = new Set<string>();
  for (const { spanId } of spans) {
    const path = new Set<string>();
    let at: string | undefined = spanId;
    while (at !== undefined && !settled.has(at) && !path.has(at)) {
      path.add(at);
      at = above.get(at);
    }
    if (at !== undefined && path.has(at)) {
      const walked = [...path];
      const first = walked
        .slice(walked.indexOf(at))
        .reduce((a, b) => ((rank.get(a) ?? 0) < (rank.get(b) ?? 0) ? a : b));
      above.delete(first);
      cut.add(first);
    }
    for (const each of path) settled.add(each);
  }
  return cut;
};
