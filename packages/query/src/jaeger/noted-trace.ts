import type { Readers, RecordedSpan, TraceLayout } from '@whence/store';
import { forOneQuestion } from '../lineage/one-question.ts';
import { type BeyondTrace, beyondTrace, NOTHING_BEYOND } from './beyond-trace.ts';
import type { Noted } from './otlp-spans.ts';
import { notesOf } from './span-notes.ts';
import { shapeOf, type TraceShape } from './trace-shape.ts';

/** A trace as it is about to be sent: chunks are read as they are asked for. */
export interface NotedTrace {
  readonly traceId: string;
  readonly chunks: AsyncIterable<readonly Noted[]>;
  /** What is left out, for people. To be asked once the chunks have been read. */
  readonly warnings: () => readonly string[];
}

/** Records of one trace that are sent at most. */
export const RECORDS_OF_TRACE = 50_000;

/** A trace with everything that is known of it. Undefined: nothing of it is held. */
export const wholeTrace = async (allReaders: Readers, traceId: string): Promise<NotedTrace | undefined> => {
  const readers = forOneQuestion(allReaders);
  const layout = await readers.traces.layout(traceId, RECORDS_OF_TRACE);
  if (layout.places.length === 0) return undefined;
  const shape = shapeOf(traceId, layout);
  const beyond = await beyondTrace(readers, shape);
  return notedTrace(shape, readers.traces.spans(traceId, layout), beyond);
};

/** The oldest spans of a trace that was found among others, as far as the room goes. */
export const cutTrace = async (readers: Readers, traceId: string, room: number): Promise<NotedTrace> => {
  const layout = await readers.traces.layout(traceId, room);
  return notedTrace(shapeOf(traceId, layout), readers.traces.spans(traceId, layout), NOTHING_BEYOND);
};

/** A trace whose spans are all at hand. */
export const smallTrace = (traceId: string, spans: readonly RecordedSpan[]): NotedTrace => {
  const shape = shapeOf(traceId, layoutOf(spans));
  const chunks = (async function* () {
    yield spans;
  })();
  return notedTrace(shape, chunks, NOTHING_BEYOND);
};

const layoutOf = (spans: readonly RecordedSpan[]): TraceLayout => ({
  places: spans.map(({ action, startNanos, marksOpen }) => ({
    spanId: action.spanId,
    ...(action.parentSpanId === undefined ? {} : { parentSpanId: action.parentSpanId }),
    startNanos,
    isMark: marksOpen !== undefined,
  })),
  hasRepeats: false,
});

const notedTrace = (
  shape: TraceShape,
  spans: AsyncIterable<readonly RecordedSpan[]>,
  beyond: BeyondTrace,
): NotedTrace => {
  const warnings = () => [...leftOut(shape), ...beyond.leftOut];
  const chunks = async function* (): AsyncGenerator<readonly Noted[]> {
    let first = true;
    for await (const chunk of spans) {
      // A span that has arrived needs no mark any more that it had not.
      const shown = chunk.filter(({ marksOpen }) => marksOpen === undefined || !shape.spanIds.has(marksOpen));
      await beyond.look(shown);
      yield shown.map((span) => {
        const notes = notesOf(span, shape, beyond);
        // Viewers show what is said of a span, and nothing of what is said of a trace.
        const noted = first ? { ...notes, warnings: [...leftOut(shape), ...notes.warnings] } : notes;
        first = false;
        return { span, notes: noted };
      });
    }
  };
  return { traceId: shape.traceId, chunks: chunks(), warnings };
};

const leftOut = ({ leftOut: bound }: TraceShape): readonly string[] =>
  bound === undefined
    ? []
    : [
        `${bound.records} of the ${bound.of} records of this trace are left out: the oldest are shown. Ask for them by run, time or service at /v1/actions.`,
      ];
