import type { Readers, RecordedAction } from '@whence/store';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { Missing } from '../lineage/missing.ts';
import { forOneQuestion, OUTLINE_LIMIT } from '../lineage/one-question.ts';
import { whoCausedAction, whoCausedRun } from '../lineage/who.ts';
import type { WhoAnswer } from '../lineage/who-answer.ts';
import type { NotFound } from '../not-found.ts';
import { badParameter, read, runId, spanId, traceId } from '../parameters.ts';

const PARAMETERS = z.object({
  span: spanId.optional(),
  trace: traceId.optional(),
  run: runId.optional(),
});

/** `GET /v1/who?span=ID[&trace=ID] | trace=ID | run=ID` */
export const whoRoute =
  (allReaders: Readers, notFound: NotFound): RequestHandler =>
  async (request, response) => {
    const readers = forOneQuestion(allReaders);
    const { span, trace, run } = read(PARAMETERS, request.query);
    if (run !== undefined && (span !== undefined || trace !== undefined)) {
      throw badParameter('run', 'goes alone: ask by span, by trace or by run');
    }
    if (run !== undefined) response.json(await whoOfRun(readers, notFound, run));
    else if (span !== undefined) response.json(await whoOfSpan(readers, notFound, span, trace));
    else if (trace !== undefined) response.json(await whoOfTrace(readers, notFound, trace));
    else throw badParameter('span', 'ask by span, by trace or by run');
  };

const whoOfSpan = async (
  readers: Readers,
  notFound: NotFound,
  span: string,
  trace: string | undefined,
): Promise<WhoAnswer> => {
  const records = await readers.actions.bySpan(
    trace === undefined ? { spanId: span } : { spanId: span, traceId: trace },
  );
  const [record] = records;
  if (record === undefined) throw await notFound.span(span, trace);
  const noted = otherTraces(records);
  return whoCausedAction(readers, record, noted);
};

const whoOfTrace = async (readers: Readers, notFound: NotFound, trace: string): Promise<WhoAnswer> => {
  const { spans } = await readers.actions.outline(trace, OUTLINE_LIMIT);
  const ids = new Set(spans.map((span) => span.spanId));
  const root =
    spans.find((span) => span.parentSpanId === undefined) ??
    spans.find((span) => !ids.has(span.parentSpanId ?? '')) ??
    spans[0];
  const [record] = root === undefined ? [] : await readers.actions.bySpans(trace, [root.spanId]);
  if (record === undefined) throw await notFound.trace(trace);
  return whoCausedAction(readers, record);
};

const whoOfRun = async (readers: Readers, notFound: NotFound, run: string): Promise<WhoAnswer> => {
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
