import type { Readers, TraceOutline } from '@whence/store';

/** Spans of a trace whose parentage is read at once; what lies beyond is looked up span by span. */
export const OUTLINE_LIMIT = 100_000;

/** The same readers, for the time of one question: the outline of a trace is read once. */
export const forOneQuestion = (readers: Readers): Readers => {
  const outlines = new Map<string, Promise<TraceOutline>>();
  return {
    ...readers,
    actions: {
      ...readers.actions,
      outline: (traceId, limit) => {
        const key = `${traceId} ${limit}`;
        const known = outlines.get(key) ?? readers.actions.outline(traceId, limit);
        outlines.set(key, known);
        return known;
      },
    },
  };
};
