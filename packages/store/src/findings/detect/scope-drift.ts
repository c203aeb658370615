import { rowsByPrincipal } from '../../readers/principals/rollup-rows.ts';
import { type Selection, select } from '../../readers/statements/select.ts';
import { type ReceivedWindow, receivedParameters } from './received.ts';

/** A kind of thing that a principal did to a kind of target for the first time. */
export interface FirstUse {
  readonly principal: string;
  readonly system: string;
  readonly operation: string;
  /** The target with ids, numbers and addresses aside. */
  readonly shape: string;
  /** The first such target. */
  readonly target: string;
  readonly actions: number;
  readonly firstMillis: number;
  /** Since when the principal is known. */
  readonly knownMillis: number;
  /** Place among the first uses of that principal on that day (UTC), from 1. */
  readonly place: number;
  /** First uses of that principal on that day, as far as the window goes. */
  readonly ofDay: number;
}

interface FirstUseRow {
  readonly Principal: string;
  readonly System: string;
  readonly Operation: string;
  readonly Shape: string;
  readonly Target: string;
  readonly ActionCount: number;
  readonly BeganMillis: string;
  readonly KnownMillis: string;
  readonly Place: number;
  readonly OfDay: number;
}

/** Of principals that have anything in the window all that is known; of others nothing. Rows without a name are few. */
const SCOPE = {
  named: `PrincipalId IN (
    SELECT PrincipalId FROM scopes WHERE TenantId = {tenant:String} AND FirstReceived >= fromUnixTimestamp64Milli({from:Int64}, 'UTC'))`,
  unnamed: '1',
  principal: "Principal != ''",
};

/**
 * First uses of the days that the window touches, by principals that were known for a while. Reads the kinds of scope
 * (`scopes`) of principals that did something in the window: as many rows as they have kinds.
 */
export const firstUses = async (
  selection: Selection,
  window: ReceivedWindow,
  { learningMillis, most }: { readonly learningMillis: number; readonly most: number },
): Promise<readonly FirstUse[]> => {
  const rows = await select<FirstUseRow>(
    selection,
    `SELECT Principal, System, Operation, Shape, Target, ActionCount, Place, OfDay,
       toString(toUnixTimestamp64Milli(Began)) AS BeganMillis, toString(toUnixTimestamp64Milli(Known)) AS KnownMillis
     FROM (
       SELECT *, row_number() OVER (PARTITION BY Principal, toDate(Began) ORDER BY Began, System, Operation, Shape) AS Place,
         count() OVER (PARTITION BY Principal, toDate(Began)) AS OfDay
       FROM (
         SELECT Principal, toString(System) AS System, toString(Operation) AS Operation, Shape,
           argMinMerge(FirstTarget) AS Target, sum(Actions) AS ActionCount, min(FirstReceived) AS Began,
           min(Began) OVER (PARTITION BY Principal) AS Known
         FROM ${rowsByPrincipal('scopes', 'System, Operation, Shape, Assurance, Actions, FirstReceived, FirstTarget', SCOPE)}
         WHERE Principal != '' GROUP BY Principal, System, Operation, Shape)
       WHERE Began >= toStartOfDay(fromUnixTimestamp64Milli({from:Int64}, 'UTC'))
         AND Began < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
         AND toUnixTimestamp64Milli(Began) >= toUnixTimestamp64Milli(Known) + {learning:Int64})
     WHERE Place <= {most:UInt32} ORDER BY Began, Principal, Place`,
    { ...receivedParameters(window), learning: learningMillis, most },
  );
  return rows.map((row) => ({
    principal: row.Principal,
    system: row.System,
    operation: row.Operation,
    shape: row.Shape,
    target: row.Target,
    actions: row.ActionCount,
    firstMillis: Number(row.BeganMillis),
    knownMillis: Number(row.KnownMillis),
    place: Number(row.Place),
    ofDay: Number(row.OfDay),
  }));
};
