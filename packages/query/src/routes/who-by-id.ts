import type { Readers, RecordedAction } from '@whence/store';
import type { Missing } from '../lineage/missing.ts';
import { SMALL_TRACE } from '../lineage/one-question.ts';
import { spansOfTrace } from '../lineage/spans-of-trace.ts';
import { whoCausedAction, whoCausedRun } from '../lineage/who.ts';
import type { WhoAnswer } from '../lineage/who-answer.ts';
import type { NotFound } from '../not-found.ts';

export const whoOfSpan = async (
  readers: Readers,
  notFound: NotFound,
  span: string,
  trace: string | undefined,
): Promise<WhoAnswer> => {
  const records =
    trace === undefined
      ? await readers.actions.bySpan({ spanId: span })
      : await spansOfTrace(readers, trace, [span]);
  const [record] = records;
  if (record === undefined) throw await notFound.span(span, trace);
  const noted = otherTraces(records);
  return whoCausedAction(readers, record, noted);
};

export const whoOfTrace = async (readers: Readers, notFound: NotFound, trace: string): Promise<WhoAnswer> => {
  const { records, truncated } = await readers.actions.smallTrace(trace, SMALL_TRACE);
  const record = truncated ? await readers.actions.topOfTrace(trace) : topOf(records);
  if (record === undefined) throw await notFound.trace(trace);
  return whoCausedAction(readers, record);
};

/** As `topOfTrace` of the store tells it. */
const topOf = (records: readonly RecordedAction[]): RecordedAction | undefined => {
  const ids = new Set(records.map(({ action }) => action.spanId));
  const oldestFirst = [...records].sort(byStart);
  return (
    oldestFirst.find(({ action }) => action.parentSpanId === undefined) ??
    oldestFirst.find(({ action }) => !ids.has(action.parentSpanId ?? '')) ??
    oldestFirst[0]
  );
};

const byStart = ({ action: a }: RecordedAction, { action: b }: RecordedAction): number =>
  compare(a.startTime, b.startTime) || compare(a.spanId, b.spanId);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const whoOfRun = async (readers: Readers, notFound: NotFound, run: string): Promise<WhoAnswer> => {
  const [opening, recorded] = await Promise.all([readers.actions.openingOf(run), readers.runs.byId(run)]);
  if (opening !== undefined) return whoCausedAction(readers, opening);
  const first = await readers.actions.firstOf(run);
  if (first !== undefined) return whoCausedAction(readers, first, [openingMissing(run)]);
  if (recorded === undefined) throw await notFound.run(run);
  return whoCausedRun(readers, recorded);
};

const otherTraces = (records: readonly RecordedAction[]): readonly Missing[] => {
  const traces = new Set(records.map(({ action }) => action.traceId));
  return traces.size < 2
    ? []
    : [
        {
          code: 'conflict',
          detail: `Span ids repeat: this one occurs in ${traces.size} traces (${[...traces].slice(0, 8).join(', ')}). The one received first is shown; add trace=.`,
        },
      ];
};

const openingMissing = (run: string): Missing => ({
  code: 'run_span_missing',
  detail: `The opening span of run ${run} has not arrived: the answer begins at its first action.`,
});
