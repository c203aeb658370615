import type { z } from 'zod';
import type { TRACES } from './first-answers.ts';

export type FirstAnswer = z.output<typeof TRACES>;
export type FirstTrace = FirstAnswer['data'][number];

/** Spans by their depth, as Jaeger UI finds it (transform-trace-data.ts): the first reference that is there by its span id is the parent. */
export const drawnByJaegerUi = ({ spans }: FirstTrace): ReadonlyMap<string, number> => {
  const ids = new Set(spans.map(({ spanID }) => spanID));
  const parents = new Map(
    spans.map((span) => [span.spanID, span.references.find(({ spanID }) => ids.has(spanID))?.spanID]),
  );
  const depths = new Map<string, number>();
  const draw = (spanId: string, depth: number): void => {
    depths.set(spanId, depth);
    for (const [child, parent] of parents) if (parent === spanId) draw(child, depth + 1);
  };
  for (const [spanId, parent] of parents) if (parent === undefined) draw(spanId, 0);
  return depths;
};

/**
 * A row of the frame that Grafana makes of a span (pkg/tsdb/jaeger/utils/client_utils.go, TransformTraceResponse):
 * the parent is the first `CHILD_OF`; references to its span id are left out of the others.
 */
export const rowsOfGrafana = ({ spans, processes }: FirstTrace) =>
  spans.map((span) => {
    const parent = span.references.find(({ refType }) => refType === 'CHILD_OF')?.spanID;
    return {
      spanID: span.spanID,
      parentSpanID: parent,
      serviceName: processes[span.processID]?.serviceName,
      startMillis: span.startTime / 1000,
      references: span.references.filter(({ spanID }) => spanID !== parent),
      warnings: span.warnings ?? [],
      tags: Object.fromEntries(span.tags.map(({ key, value }) => [key, value])),
    };
  });
