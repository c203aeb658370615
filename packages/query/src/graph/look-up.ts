import type { SpanRef } from '@whence/model';
import { type Readers, type RecordedAction, spanKey } from '@whence/store';

/** Spans of any traces, one question for each trace. */
export const lookUp = async (
  readers: Readers,
  spans: readonly SpanRef[],
): Promise<ReadonlyMap<string, RecordedAction>> => {
  const found = await Promise.all(
    [...Map.groupBy(spans, ({ traceId }) => traceId)].map(([traceId, ofTrace]) =>
      readers.actions.bySpans(traceId, [...new Set(ofTrace.map(({ spanId }) => spanId))]),
    ),
  );
  // Of records that contradict each other the one received first is shown: it comes first.
  return new Map(
    found
      .flat()
      .toReversed()
      .map((record) => [spanKey(record.action), record]),
  );
};
