import type {
  ActionReader,
  ActionsFound,
  Readers,
  RecordedAction,
  RunReader,
  TraceOutline,
} from '@whence/store';

/** Records of a trace that is read whole, at once. Almost every trace is smaller. */
export const SMALL_TRACE = 256;
/** Spans of a larger one whose parentage is read at once. */
export const OUTLINE_LIMIT = 50_000;

/** The same readers, for the time of one question: a trace, the opening and the record of a run are read once. */
export const forOneQuestion = (readers: Readers): Readers => {
  const { byIds, byId } = keepingRuns(readers.runs);
  return {
    ...readers,
    runs: { ...readers.runs, byIds, byId },
    actions: {
      ...readers.actions,
      ...keepingTraces(readers.actions),
      ...keepingOutlines(readers.actions),
      ...keepingOpenings(readers.actions),
    },
  };
};

const keepingTraces = ({ smallTraces }: ActionReader): Pick<ActionReader, 'smallTrace' | 'smallTraces'> => {
  const ofLimit = new Map<number, (ids: readonly string[]) => Promise<ReadonlyMap<string, ActionsFound>>>();
  const kept: ActionReader['smallTraces'] = (traceIds, limit) => {
    const known = ofLimit.get(limit) ?? keeping((ids: readonly string[]) => smallTraces(ids, limit));
    ofLimit.set(limit, known);
    return known(traceIds);
  };
  return {
    smallTraces: kept,
    smallTrace: async (traceId, limit) => (await kept([traceId], limit)).get(traceId)!,
  };
};

const keepingOutlines = ({ outline }: ActionReader): Pick<ActionReader, 'outline'> => {
  const known = new Map<string, Promise<TraceOutline>>();
  return {
    outline: (traceId, limit) => {
      const key = `${traceId} ${limit}`;
      const read = known.get(key) ?? outline(traceId, limit);
      known.set(key, read);
      return read;
    },
  };
};

const keepingOpenings = ({ openingsOf }: ActionReader): Pick<ActionReader, 'openingOf' | 'openingsOf'> => {
  const kept = keeping<RecordedAction>(openingsOf);
  return { openingsOf: kept, openingOf: async (runId) => (await kept([runId])).get(runId) };
};

const keepingRuns = (runs: RunReader): Pick<RunReader, 'byId' | 'byIds'> => {
  const kept = keeping(runs.byIds);
  return { byIds: (ids) => kept([...ids]), byId: async (id) => (await kept([id])).get(id) };
};

/** Each id is asked for once, whether anything is found or not, and while its answer is still awaited. */
const keeping = <Value>(
  read: (ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): ((ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>) => {
  const known = new Map<string, Promise<Value | undefined>>();
  return async (ids) => {
    const wanted = [...new Set(ids)];
    const unknown = wanted.filter((id) => !known.has(id));
    const asked = unknown.length === 0 ? undefined : read(unknown);
    for (const id of unknown) {
      known.set(
        id,
        asked!.then((found) => found.get(id)),
      );
    }
    const values = await Promise.all(wanted.map(async (id) => [id, await known.get(id)] as const));
    return new Map(
      values.filter((entry): entry is readonly [string, Awaited<Value>] => entry[1] !== undefined),
    );
  };
};
