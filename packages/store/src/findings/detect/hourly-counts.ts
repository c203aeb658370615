import { hourParameters, IN_HOURS } from '../../readers/principals/principal-activity.ts';
import type { HourRange } from '../../readers/principals/principal-reader.ts';
import { EVERYONE, rowsByPrincipal, THESE } from '../../readers/principals/rollup-rows.ts';
import { type Selection, select } from '../../readers/statements/select.ts';

/** What one principal did in one hour. */
export interface HourCount {
  readonly principal: string;
  /** When the hour began, seconds since the epoch. */
  readonly hour: number;
  readonly actions: number;
  readonly errors: number;
}

interface HourRow {
  readonly Principal: string;
  readonly HourSeconds: number;
  readonly ActionCount: number;
  readonly ErrorCount: number;
}

const COUNTED = `Principal, toUnixTimestamp(Hour) AS HourSeconds, sum(Actions) AS ActionCount, sum(Errors) AS ErrorCount`;
const COLUMNS = 'Hour, Assurance, Actions, Errors';

/** Principals with at least so many actions or errors in an hour. Reads the rows of `principals_hourly` of these hours. */
export const busyHours = async (
  selection: Selection,
  hours: HourRange,
  { actions, errors }: { readonly actions: number; readonly errors: number },
): Promise<readonly HourCount[]> => {
  const rows = await select<HourRow>(
    selection,
    `SELECT ${COUNTED} FROM ${rowsByPrincipal('principals_hourly', COLUMNS, { ...EVERYONE, principal: "Principal != ''" }, IN_HOURS)}
     WHERE Principal != '' GROUP BY Principal, HourSeconds
     HAVING ActionCount >= {actions:UInt64} AND ErrorCount >= {errors:UInt64} ORDER BY HourSeconds, Principal`,
    { ...hourParameters(hours), actions, errors },
  );
  return rows.map(hourCountOf);
};

/** Principals in one statement. */
const AT_ONCE = 100;

/**
 * What these principals did in the given hours of the day (UTC). Reads, of each, the rows of `principals_hourly` of all
 * hours in the range: some hundreds.
 *
 * @param hoursOfDay from 0 to 23; none: all of them
 */
export const hoursOf = async (
  selection: Selection,
  principals: readonly string[],
  hours: HourRange,
  hoursOfDay: readonly number[] = [],
): Promise<readonly HourCount[]> => {
  const found: HourCount[] = [];
  const ofDay = hoursOfDay.length === 0 ? '1' : 'has({ofDay:Array(String)}, toString(toHour(Hour)))';
  for (let from = 0; from < principals.length; from += AT_ONCE) {
    const rows = await select<HourRow>(
      selection,
      `SELECT ${COUNTED} FROM ${rowsByPrincipal('principals_hourly', COLUMNS, THESE, `${IN_HOURS} AND ${ofDay}`)}
       WHERE Principal != '' GROUP BY Principal, HourSeconds ORDER BY Principal, HourSeconds`,
      {
        ...hourParameters(hours),
        ids: principals.slice(from, from + AT_ONCE),
        ofDay: hoursOfDay.map(String),
      },
    );
    found.push(...rows.map(hourCountOf));
  }
  return found;
};

/** Since when each is known, seconds since the epoch, as far as what it sent says. */
export const knownSince = async (
  selection: Selection,
  principals: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const known = new Map<string, number>();
  for (let from = 0; from < principals.length; from += AT_ONCE) {
    const rows = await select<{ Principal: string; Since: number }>(
      selection,
      `SELECT Principal, toUnixTimestamp(toDateTime(min(FirstSeen), 'UTC')) AS Since
       FROM ${rowsByPrincipal('principals', 'FirstSeen, Assurance', THESE)} GROUP BY Principal`,
      { ids: principals.slice(from, from + AT_ONCE) },
    );
    for (const { Principal, Since } of rows) known.set(Principal, Since);
  }
  return known;
};

const hourCountOf = (row: HourRow): HourCount => ({
  principal: row.Principal,
  hour: row.HourSeconds,
  actions: row.ActionCount,
  errors: row.ErrorCount,
});
