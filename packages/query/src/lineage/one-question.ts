import type { ActionsFound, Readers, RecordedRun, RunReader } from '@whence/store';

/** Records of a trace that is read whole, at once. Almost every trace is smaller. */
export const SMALL_TRACE = 256;

/** The same readers, for the time of one question: a trace and the record of a run are read once. */
export const forOneQuestion = (readers: Readers): Readers => {
  const traces = new Map<string, Promise<ActionsFound>>();
  return {
    ...readers,
    runs: keepingRuns(readers.runs),
    actions: {
      ...readers.actions,
      smallTrace: (traceId, limit) => {
        const key = `${traceId} ${limit}`;
        const known = traces.get(key) ?? readers.actions.smallTrace(traceId, limit);
        traces.set(key, known);
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
