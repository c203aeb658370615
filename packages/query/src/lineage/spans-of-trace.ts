import { RECORDS_PER_SPAN, type Readers, type RecordedAction } from '@whence/store';
import { SMALL_TRACE } from './one-question.ts';

/** The records of some spans of a trace, first received first: out of the whole trace, where it is small. */
export const spansOfTrace = async (
  readers: Readers,
  traceId: string,
  spanIds: readonly string[],
): Promise<readonly RecordedAction[]> => {
  if (spanIds.length === 0) return [];
  const trace = await readers.actions.smallTrace(traceId, SMALL_TRACE);
  if (trace.truncated) return readers.actions.bySpans(traceId, spanIds);
  const wanted = new Set(spanIds);
  return trace.records
    .filter(({ action }) => wanted.has(action.spanId))
    .slice(0, spanIds.length * RECORDS_PER_SPAN);
};

/** At most so many spans of a trace are asked for in one statement. */
export const SPANS_AT_ONCE = 256;
