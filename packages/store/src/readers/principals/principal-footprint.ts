import { type Selection, select } from '../statements/select.ts';
import { DOINGS, type DoingsRow, doingsOf } from './doings.ts';
import type { Footprint, FootprintAsked, FootprintPage } from './principal-reader.ts';
import { rowsWithInherited, THESE } from './rollup-rows.ts';

interface FootprintRow extends DoingsRow {
  readonly System: string;
  readonly Operation: string;
  readonly Target: string;
}

const AFTER = `(Newest, System, Operation, Target) <
  (fromUnixTimestamp64Nano({firstNanos:Int64}), {system:String}, {operation:String}, {target:String})`;

export const storedFootprint = async (
  selection: Selection,
  id: string,
  { limit, after }: FootprintAsked,
): Promise<FootprintPage> => {
  const rows = await select<FootprintRow>(
    selection,
    `SELECT toString(System) AS System, toString(Operation) AS Operation, Target, min(FirstSeen) AS Newest, ${DOINGS}
     FROM ${rowsWithInherited('footprints', 'Assurance, System, Operation, Target, Actions, Errors, FirstSeen, LastSeen', THESE)}
     GROUP BY System, Operation, Target ${after === undefined ? '' : `HAVING ${AFTER}`}
     ORDER BY Newest DESC, System DESC, Operation DESC, Target DESC LIMIT {limit:UInt32}`,
    {
      ids: [id],
      limit: limit + 1,
      ...(after === undefined ? {} : { ...after, firstNanos: after.firstNanos.toString() }),
    },
  );
  const last = rows[limit - 1];
  return {
    footprints: rows.slice(0, limit).map(footprintOf),
    ...(rows.length > limit && last !== undefined
      ? {
          next: {
            firstNanos: BigInt(last.FirstNanos),
            system: last.System,
            operation: last.Operation,
            target: last.Target,
          },
        }
      : {}),
  };
};

const footprintOf = (row: FootprintRow): Footprint => ({
  ...(row.System === '' ? {} : { system: row.System }),
  ...(row.Operation === '' ? {} : { operation: row.Operation }),
  ...(row.Target === '' ? {} : { target: row.Target }),
  ...doingsOf(row),
});
