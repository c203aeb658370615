import { type Parameters, type Selection, select } from '../statements/select.ts';
import type { ActivityRange, ActivityStep, HourRange } from './principal-reader.ts';
import { type RollupTime, rowsWithInherited, THESE } from './rollup-rows.ts';

const HOURS = `Hour >= toDateTime({fromSeconds:UInt32}, 'UTC') AND Hour < toDateTime({toSeconds:UInt32}, 'UTC')`;

/** On the hours of `principals_hourly`. A record is not of an hour after its receipt: earlier months need no look. */
export const IN_HOURS = `${HOURS} AND ReceivedMonth >= toStartOfMonth(toDateTime({fromSeconds:UInt32}, 'UTC'))`;

export const HOUR_RANGE: RollupTime = { received: IN_HOURS, inherited: HOURS };

export const hourParameters = ({ fromSeconds, toSeconds }: HourRange): Parameters => ({
  fromSeconds,
  toSeconds,
});

/** The start of a step, from `Hour`. */
export const stepOf = (every: ActivityRange['every']): string =>
  every === 'day' ? 'toStartOfDay(Hour)' : 'Hour';

export const momentOfStep = (seconds: number): string =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;

interface StepRow {
  readonly At: number;
  readonly ActionCount: number;
  readonly ErrorCount: number;
  readonly RunCount: number;
}

export const storedActivity = async (
  selection: Selection,
  id: string,
  range: ActivityRange,
): Promise<readonly ActivityStep[]> => {
  const rows = await select<StepRow>(
    selection,
    `SELECT toUnixTimestamp(${stepOf(range.every)}) AS At, sum(Actions) AS ActionCount, sum(Errors) AS ErrorCount,
       uniqCombinedMerge(12)(Runs) AS RunCount
     FROM ${rowsWithInherited('principals_hourly', 'Hour, Assurance, Actions, Errors, Runs', THESE, '1', HOUR_RANGE)}
     GROUP BY At ORDER BY At`,
    { ids: [id], ...hourParameters(range) },
  );
  return rows.map(({ At, ActionCount, ErrorCount, RunCount }) => ({
    at: momentOfStep(At),
    actions: ActionCount,
    errors: ErrorCount,
    runs: RunCount,
  }));
};
