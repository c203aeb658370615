import type { Readers, RecordedRun, RunReader, TraceOutline } from '@whence/store';

/** Spans of a trace whose parentage is read at once; what lies beyond is looked up span by span. */
export const OUTLINE_LIMIT = 100_000;

/** The same readers, for the time of one question: the outline of a trace and the record of a run are read once. */
export const forOneQuestion = (readers: Readers): Readers => {
  const outlines = new Map<string, Promise<TraceOutline>>();
  return {
    ...readers,
    runs: keepingRuns(readers.runs),
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

const keepingRuns = (runs: RunReader): RunReader => {
  const known = new Map<string, Promise<RecordedRun | undefined>>();

  const byIds = async (ids: Iterable<string>): Promise<ReadonlyMap<string, RecordedRun>> => {
    const wanted = [...new Set(ids)];
    const unknown = wanted.filter((id) => !known.has(id));
    const asked = runs.byIds(unknown);
    for (const id of unknown) {
      known.set(
        id,
        asked.then((found) => found.get(id)),
      );
    }
    const found = await Promise.all(wanted.map(async (id) => [id, await known.get(id)] as const));
    return new Map(found.filter((entry): entry is readonly [string, RecordedRun] => entry[1] !== undefined));
  };

  return { ...runs, byIds, byId: async (id) => (await byIds([id])).get(id) };
};
