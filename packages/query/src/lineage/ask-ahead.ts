import type { Readers, RecordedAction } from '@whence/store';
import { SMALL_TRACE } from './one-question.ts';

/** Runs above an action that are asked for ahead, the nearest ones. */
const RUNS_AHEAD = 100;

/**
 * What a climb comes to once it leaves the trace of an action: the records of the runs above it, the spans that open
 * them, and the traces that those are part of. Asked for at once, where the climb would ask for one after the other; what
 * is read is kept for it. A run that was opened in this very trace is known as it is.
 */
export const askAhead = async (readers: Readers, { action, runPath }: RecordedAction): Promise<void> => {
  const runIds = [...runPath, action.runId].filter((id) => id !== undefined).slice(-RUNS_AHEAD);
  const recorded = readers.runs.byIds([...runIds, action.rootRunId].filter((id) => id !== undefined));
  await Promise.all([recorded, openedElsewhere(readers, action.traceId, runIds)]);
};

const openedElsewhere = async (
  readers: Readers,
  traceId: string,
  runIds: readonly string[],
): Promise<void> => {
  const { records } = await readers.actions.smallTrace(traceId, SMALL_TRACE);
  const openedHere = new Set(records.map(({ opensRunId }) => opensRunId));
  const elsewhere = runIds.filter((id) => !openedHere.has(id));
  if (elsewhere.length < 2) return;
  const openings = await readers.actions.openingsOf(elsewhere);
  const traceIds = [...openings.values()].map((opening) => opening.action.traceId);
  await readers.actions.smallTraces([...new Set(traceIds)], SMALL_TRACE);
};
