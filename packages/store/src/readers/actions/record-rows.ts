import type { RunReader } from '../runs/run-reader.ts';
import { type ActionRow, recordedActionOf, runNeededBy } from './action-row.ts';
import { type RecordedAction, withConflicts } from './recorded-action.ts';

/** Rows as records, one each and in their order: rows that came before their run's record are told by that record. */
export const recordRows = async (
  runs: RunReader,
  rows: readonly ActionRow[],
): Promise<readonly RecordedAction[]> => {
  const needed = rows.map(runNeededBy).filter((id) => id !== undefined);
  const known = await runs.byIds(needed);
  return withConflicts(rows.map((row) => recordedActionOf(row, known.get(runNeededBy(row) ?? '')?.run)));
};
