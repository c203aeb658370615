import type { TraceSummary } from '@whence/store';
import type { z } from 'zod';
import { serviceNameOf } from './first-span.ts';
import type { SUMMARIES } from './third-answers.ts';

type Summary = z.input<typeof SUMMARIES>['summaries'][number];

export const summaryOf = (summary: TraceSummary): Summary => ({
  traceId: summary.traceId,
  ...(summary.root === undefined
    ? {}
    : {
        rootServiceName: serviceNameOf(summary.root.service),
        rootOperationName: summary.root.name,
      }),
  minStartTimeUnixNano: unsigned(summary.startNanos),
  maxEndTimeUnixNano: unsigned(summary.endNanos),
  spanCount: summary.spans,
  errorSpanCount: summary.errors,
  ...(summary.orphans === undefined ? {} : { orphanSpanCount: summary.orphans }),
  services: summary.services.map(({ name, spans, errors }) => ({
    name: serviceNameOf(name),
    spanCount: spans,
    errorSpanCount: errors,
  })),
});

/** Jaeger UI refuses an answer with a time before 1970. */
const unsigned = (nanos: bigint): string => (nanos < 0n ? 0n : nanos).toString();
