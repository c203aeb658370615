import type { Readers, RecordedAction } from '@whence/store';
import { z } from 'zod';
import { WHO } from '../answers/who.ts';
import { endpoint } from '../api/endpoint.ts';
import { badParameter, runId, spanId, traceId } from '../api/parameters.ts';
import type { Missing } from '../lineage/missing.ts';
import { forOneQuestion, OUTLINE_LIMIT } from '../lineage/one-question.ts';
import { whoCausedAction, whoCausedRun } from '../lineage/who.ts';
import type { WhoAnswer } from '../lineage/who-answer.ts';
import type { NotFound } from '../not-found.ts';

/** What an action may be asked about by. */
export const WHO_PARAMETERS = z.object({
  span: spanId.optional(),
  trace: traceId
    .optional()
    .describe('Alone: the root action of the trace. Beside `span`: which one is meant.'),
  run: runId.optional(),
});

export const whoRoute = endpoint({
  path: '/v1/who',
  tag: 'lineage',
  summary: 'Who caused this?',
  description: 'From a span, a trace or a run up to the root, across traces.',
  examples: [
    { summary: 'By span', request: '/v1/who?span=e000000000000004' },
    {
      summary: 'By trace: its root action',
      request: '/v1/who?trace=f0000000000000000000000000000000',
    },
    {
      summary: 'By run: the span that opens it',
      request: '/v1/who?run=01989f3c-6b1d-7a53-8b8e-7c1f7f1f2a10',
    },
  ],
  parameters: WHO_PARAMETERS,
  answer: WHO,
  respond: async ({ parameters }, { readers, notFound }) =>
    whoIsAsked(forOneQuestion(readers), notFound, parameters),
});

export const whoIsAsked = async (
  readers: Readers,
  notFound: NotFound,
  { span, trace, run }: z.output<typeof WHO_PARAMETERS>,
): Promise<WhoAnswer> => {
  if (run !== undefined && (span !== undefined || trace !== undefined)) {
    throw badParameter('run', 'goes alone: ask by span, by trace or by run');
  }
  if (run !== undefined) return whoOfRun(readers, notFound, run);
  if (span !== undefined) return whoOfSpan(readers, notFound, span, trace);
  if (trace !== undefined) return whoOfTrace(readers, notFound, trace);
  throw badParameter('span', 'ask by span, by trace or by run');
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
