import { type ActionRow, recordedActionOf, runNeededBy } from './action-row.ts';
import { type RecordedAction, withConflicts } from './recorded-action.ts';
import type { RunReader } from './run-reader.ts';

export type ActionsOfRows = (rows: readonly ActionRow[]) => Promise<readonly RecordedAction[]>;

/** Rows as actions: those that came before their run's record are told by that record. */
export const actionsOfRows =
  (runs: RunReader): ActionsOfRows =>
  async (rows) => {
    const needed = rows.map(runNeededBy).filter((id) => id !== undefined);
    const known = await runs.byIds(needed);
    return withConflicts(rows.map((row) => recordedActionOf(row, known.get(runNeededBy(row) ?? '')?.run)));
  };
